"""What runs the cells of one page: a warm process, its children, and the limits on them."""
