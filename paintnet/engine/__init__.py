"""The engine: scikit-learn's network on a grid encoding, trained block by block.

Stock scikit-learn spends most of a step in indexing sparse rows and in Adam's
temporary arrays over the whole grid. Here a batch is a set of square pixel
blocks, so that the sparse products become small dense ones, and only the grid
rows that the batch touched are updated. docs/engine.md has the figures.
"""
