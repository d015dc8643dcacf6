"""Settings of a training, and the presets that give them."""
