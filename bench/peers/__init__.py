"""Picture learners to compare with, each runnable as a module."""
