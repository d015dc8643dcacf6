"""Encodings: what stands between a position and the network."""
