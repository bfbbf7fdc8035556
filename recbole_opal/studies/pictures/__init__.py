"""The pictures of the studies: SVG files that stand alone, readable in grey."""
