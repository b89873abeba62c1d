"""A letter and what it carries: subscripts, powers, bars, labels."""
