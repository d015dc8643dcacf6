"""Paintings in few bytes: whole numbers, what is expected of each, and the range coder."""
