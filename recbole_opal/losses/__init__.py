"""What training minimises: plain PyTorch that knows nothing of RecBole."""
