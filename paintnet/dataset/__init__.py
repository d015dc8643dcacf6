"""The training set: pixels and the points between them, and the classes that pixels belong to."""
