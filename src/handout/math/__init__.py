"""LaTeX to MathML, and the font that it is set in."""
