"""Many jobs: folders of pictures, what became of each, and going on where it ended."""
