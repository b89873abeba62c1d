"""Conditions, and values that differ from case to case."""
