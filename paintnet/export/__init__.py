"""A painting for other programs: a page that paints it, a shader, a graph of ONNX, paths of SVG."""
