"""Why an equation is not understood, as a code: one table, from the words of the message.

The dialect says in a sentence what it lacks, and the sentence may be improved. The code stays, for
readers who look it up and for files that name known problems. A test reads the sentences out of the
dialect's source, so that a new or changed one finds its kind.
"""

from __future__ import annotations

import re

#: Kinds in the order in which they are tried, each with what its messages say.
KINDS: tuple[tuple[str, str], ...] = (
    # The graph, rather than the formula.
    ("H404", r"no inverse at a sample|cannot be evaluated|A function failed"),
    # What the dialect does not have, with something alike for a suggestion.
    ("H403", r"^The (?:macro|environment|word) .+ is not understood"),
    # An option of the claim.
    ("H419", r"^(?:points|unreached|reading|loss)=|expect has \d+ word"),
    # Unfinished LaTeX: a brace, a delimiter or an argument is missing.
    (
        "H411",
        r"never closed|closes nothing|is not closed|ends nothing|should (?:end|close)|lacks an arg"
        r"|is missing|something missing|ends (?:here|where)|rows of this matrix have different"
        r"|has nothing to stand on|Empty braces|is empty$|needs its arguments? in braces"
        r"|Nothing (?:stands|lies) between|with nothing between|^(?:This has|Words have) no place"
        r"|formula starts with|has no place here|has no place in here|may stand beside",
    ),
    # Nothing is claimed, or more than one thing is.
    (
        "H412",
        r"Nothing is (?:claimed|said)|claim is empty|The claim has|is not tested|are not tested"
        r"|to how many digits|too long to test|too many entries|This states something"
        r"|An index compared with itself|is 1 whatever|Equality of values is no test|says nothing",
    ),
    # A name that nothing gives a meaning.
    (
        "H413",
        r"is not bound on|Nothing here tells|Declare .+ first|runs? over\?"
        r"|length of this .*cannot be told|as a square matrix|is not understood as an index"
        r"|needs an (?:upper|lower)|distribution of an expectation|counts? .* length",
    ),
    # A name that means something else than its place needs.
    (
        "H414",
        r"is bound on this page|is an index here|is bound to a|is a function:|is a node:"
        r"|no node of the|no number|not a number|not a node"
        r"|cannot be (?:applied|called|a length|an upper)"
        r"|both mean|both bound|stand for the same|lists other arguments|cannot be an index",
    ),
    # Shapes, indices and components that do not fit.
    (
        "H415",
        r"indices|\bindex\b|shape|component|entries|vectors?\b|matri(?:x|ces)\b|axes|columns?\b"
        r"|left side is|takes .+ here, not|There is no such|shift|arguments? (?:is|are) expected",
    ),
    # What a declaration or a definition cannot say.
    (
        "H416",
        r"declar|defin|is no length|is no name|\bset\b|interval|behind the reals|natural number"
        r"|stands on both sides|dd? up to 1|is no distribution|simplex",
    ),
    # A derivative of something, by something, or of an order that is not understood.
    ("H417", r"derivative|partial|nabla|Jacobian|gradient|held fixed|prime\b|loss|\border\b|\bd\b"),
    # Two readings: the message asks which one is meant.
    ("H418", r"\?|easy to misread|read as one|reads as one|TeX |reads? as|do not show"),
)
#: All others: notation that the dialect does not have.
OTHER = "H403"


def code_of(message: str) -> str:
    """The code of a refusal, given what it says."""
    return next((code for code, words in KINDS if re.search(words, message)), OTHER)
