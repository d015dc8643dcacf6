"""Files and bytes: downloads, addresses, names, atomic writing, the checked container."""
