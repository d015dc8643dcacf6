"""The painter: settings and a picture go in, a painting comes out."""
