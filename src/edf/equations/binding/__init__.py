r"""Names that LaTeX binds: declarations (`x \in \mathbb{R}^n`) and definitions (`z = W x`)."""
