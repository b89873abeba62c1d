"""A page as it is written: its fences, its cells, their options and true lines."""
