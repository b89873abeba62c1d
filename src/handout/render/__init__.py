"""What a reader sees: formulas, figures, badges and cards as HTML, each string escaped."""
