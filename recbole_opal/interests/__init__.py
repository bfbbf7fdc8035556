"""How a history becomes interests: plain PyTorch that knows nothing of RecBole."""
