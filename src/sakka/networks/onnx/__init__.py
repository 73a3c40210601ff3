"""Networks that a user brings as an ONNX file: checked, described by a JSON file beside it, run by onnxruntime."""
