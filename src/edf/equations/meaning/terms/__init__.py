"""Terms and factors: sums, products, and what runs over an index."""
