"""Right and wrong equations by the thousand, judged by SymPy: is a verdict ever wrong?

`expr` is the language of the equations, `worlds` the computation graphs that they speak of (each
written twice, for `edf` and for SymPy), `identities` the base equations. `rewrites` changes an
equation and keeps its truth, `mutations` changes one thing and mostly breaks it, `latex` spells it
in one of many ways, `oracle` judges it with SymPy and mpmath, and `campaign` compares that
judgement with the verdict of `edf.equations`, which shares no code with any of this.
"""
