"""The live page: a small server on this machine, and the page's own files."""
