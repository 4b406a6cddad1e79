"""ONNX graphs written layer by layer from a model's weights: int8 encoders, blockwise 8- and 4-bit decoders."""
