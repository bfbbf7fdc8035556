"""What `benchmarks/scale.py` consists of: measurements, the model of cost, and the page."""
