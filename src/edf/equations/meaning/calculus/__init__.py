"""Derivatives, values at a point, limits and integrals."""
