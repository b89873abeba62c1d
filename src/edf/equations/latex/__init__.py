"""Characters to the tree of a formula as it is typeset, and back."""
