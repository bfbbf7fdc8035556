"""A trained model as files that others serve: programs, ONNX, vectors, an index, a model card."""
