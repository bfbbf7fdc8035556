"""Raw logs to RecBole's atomic files, in one pass and within fixed memory."""
