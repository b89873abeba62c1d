"""edf: an educational framework for backpropagation in NumPy."""
