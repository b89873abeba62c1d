"""The tree of a formula to a typed expression: names, shapes and indices known.

In the order in which a formula passes through, each folder importing from those above it only:

    names/         several symbols that are one name; what a name is bound to
    typed/         the result: a typed expression, how one is put together, and how it is shown
    reader.py      what all that follows shares; `inference.py`: ranges and lengths found on the way
    letters/       a letter with its subscripts, powers, bars and labels
    piecewise/     conditions and case distinctions
    calls/         functions, and nodes of the graph with other arguments
    calculus/      derivatives, values at a point, limits, integrals
    probability/   random variables with their laws, events, expectations
    terms/         sums, products, a letter before a parenthesis, and what runs over an index
    resolve.py     the table with one function for each kind of tree; the whole step
"""
