"""Lists chosen from candidates: by score and diversity, or with places for each interest."""
