"""Measurements of speed and quality: ``make bench``, or ``python -m bench --help``."""
