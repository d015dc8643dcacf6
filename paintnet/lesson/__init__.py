"""The lesson: one neuron, the perceptron rule, and how networks divide the plane."""
