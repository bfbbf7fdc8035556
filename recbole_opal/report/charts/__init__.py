"""The charts of the report as SVG: scales, labels that keep apart, and what is drawn with them."""
