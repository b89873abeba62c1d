"""The kinds of messages, each with a code that does not change: `handout explain CODE`.

A code is never given to another kind, and none is reused. The first digit says what is concerned:
1 pages, 2 what cells say of themselves, 3 code, 4 equations, 5 gradients, 6 the text around them, 7
the configuration.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of message."""

    title: str  # as a heading
    meaning: str  # what happened, in a sentence or two
    remedy: str  # what to do about it


CODES = {
    "H101": Kind(
        "A page cannot be read",
        "The file is missing, is not UTF-8, or is not a notebook in Python; or what is needed to "
        "read it is not installed.",
        "The message says which. Save text as UTF-8; for notebooks, "
        "`pip install 'mkdocs-handout[notebook]'`.",
    ),
    "H201": Kind(
        "A cell cannot be used",
        "Its fence has an option that does not exist, or a value that the option does not take, or "
        "it is never closed.",
        "The message names the option and what was probably meant. The reference lists all.",
    ),
    "H202": Kind(
        "An id is taken",
        "Two claims of a page have the same id, so that a link could mean either.",
        "Rename one of them.",
    ),
    "H301": Kind(
        "A cell raised an exception",
        "The code on the page does not run as it stands there.",
        'Correct it. If it is shown on purpose, write `expect="raises NameOfError"`.',
    ),
    "H302": Kind(
        "An expected exception was not raised",
        'A cell says `expect="raises ..."`, and raised nothing, or something else.',
        "Correct the cell, or name the exception that it does raise.",
    ),
    "H303": Kind(
        "A cell ended the page",
        "It took more time, memory or processes than a page may use, or its process crashed.",
        "Make the cell cheaper, or raise the limit: `timeout` on the fence, `memory` and the "
        "others in `mkdocs.yml`.",
    ),
    "H304": Kind(
        "A cell did not run",
        "An earlier cell ended the process of the page, so nothing is known about this one.",
        "Correct the earlier cell.",
    ),
    "H305": Kind(
        "A page reads what another page writes",
        "Pages run side by side, so the file may come from this build or from the previous one.",
        "Write and read the file on the same page, or commit it and stop writing it.",
    ),
    "H306": Kind(
        "A cell gives different results in different runs",
        "`handout check --twice` has run the page twice, and the two runs differ.",
        "Seed what is random; do not show times, memory addresses, or the order of a set.",
    ),
    "H401": Kind(
        "An equation is refuted",
        "The two sides differ at some point by far more than rounding, and still do when the "
        "derivatives are computed in another way. The message gives the point.",
        "Correct the formula, or the cells that define its symbols. If the page quotes a "
        'mistake on purpose, write `expect="refuted"`.',
    ),
    "H402": Kind(
        "The test of an equation is inconclusive",
        "Nothing can be concluded: both sides are zero everywhere, too few digits are left, the "
        "two ways to compute a derivative disagree, or there is only one point to try.",
        "The message says which. Let the cells give the symbols other values, or state the claim "
        "so that it says something.",
    ),
    "H403": Kind(
        "Notation that is not understood",
        "The formula uses notation that is not in the dialect. Nothing was guessed, and nothing "
        "tested.",
        "The caret shows the place, and the message says what to write; the reference has the "
        "whole dialect.",
    ),
    "H404": Kind(
        "An equation could not be evaluated",
        "An operation on the page's graph raised an exception when the equation was evaluated at "
        "random points.",
        "Correct the operation, or declare the domain of its inputs.",
    ),
    "H405": Kind(
        "An equation is typeset differently from how it was read",
        "The formula was printed back from what was understood, and looks different. What a reader "
        "sees is not what would have been tested.",
        "Write it more explicitly, as the message shows.",
    ),
    "H406": Kind(
        "`expect` does not fit the steps of an equation",
        "It names a number of verdicts that is neither one nor the number of the equation's steps.",
        "Name one verdict for all steps, or one for each.",
    ),
    "H407": Kind(
        "An equation is not as wrong as expected",
        'The claim says `expect="refuted"` (or another verdict), and got a better one.',
        "If the formula has been corrected, remove `expect` and the text about the mistake.",
    ),
    "H411": Kind(
        "A formula is not complete",
        "A brace, a delimiter, an argument or one side of a relation is missing.",
        "The caret shows where it was expected, or what was never closed.",
    ),
    "H412": Kind(
        "A formula claims nothing that can be tested",
        "It has no relation, holds whatever its letters are, or states something that no "
        "computation can decide.",
        "Write an equation, an inequality or a decimal, or remove the claim.",
    ),
    "H413": Kind(
        "A name or a range is not known",
        "No cell, declaration or definition above says what a letter is, how long something is, or "
        "what an index runs over.",
        r"Declare it, as in `<!-- let: x \in \mathbb{R}^n -->`, define it, or bind it in a cell.",
    ),
    "H414": Kind(
        "A name means something else",
        "The page binds the name to what has no place there: a number where a node is needed, a "
        "function without its argument, a length, an index.",
        "Use another letter, or bind what is meant to a name of its own.",
    ),
    "H415": Kind(
        "Shapes or indices do not fit",
        "The two sides, two factors, or a node and its indices have different shapes, or an index "
        "is free on one side only.",
        "The message gives the shapes. Write the indices or the transpose that the formula needs.",
    ),
    "H416": Kind(
        "A declaration or definition is not understood",
        "It names an unknown set, or its left side is not a new name.",
        "The reference lists the sets; the left side of a definition is a single name.",
    ),
    "H417": Kind(
        "A derivative is not understood",
        "It is not clear what is differentiated, with respect to what, or what is held fixed.",
        "The message says how to write each meaning.",
    ),
    "H418": Kind(
        "A formula has two readings",
        "Readers could take it either way, or TeX typesets it differently from how it is written, "
        "so nothing was guessed.",
        "The message says how to write each of them.",
    ),
    "H419": Kind(
        "An option of a claim does not fit",
        "`loss` names no node, or `reading`, `points` or `expect` has a value that the equation "
        "does not take.",
        "The message says which values it takes.",
    ),
    "H501": Kind(
        "A gradient is refuted",
        "What `backward` gives differs from the numeric derivative by far more than rounding.",
        "The message gives the component and both numbers. Correct `backward`; if it is wrong on "
        'purpose, write `check_gradients(..., expect="refuted")`.',
    ),
    "H502": Kind(
        "The check of a gradient is inconclusive",
        "The numeric derivative is not accurate enough to tell, or every derivative is zero.",
        "Choose other inputs, away from kinks and from zero.",
    ),
    "H503": Kind(
        "A gradient could not be checked",
        "The graph could not be evaluated where the check needs it, or `backward` raised an "
        "exception or broke its contract.",
        "The message says what happened.",
    ),
    "H504": Kind(
        "A gradient is not as wrong as expected",
        'The check says `expect="refuted"` (or another verdict), and got a better one.',
        "If `backward` has been corrected, remove `expect`.",
    ),
    "H601": Kind(
        "A badge names no claim",
        "The text has `[[verdict:ID]]`, and there is no claim of that id.",
        "The message says which id was probably meant.",
    ),
    "H602": Kind(
        "A formula cannot be typeset",
        "The LaTeX has a command that is unknown, or a brace or an environment that is not closed.",
        "Correct it, define a macro, or leave formulas to the site's own MathJax or KaTeX with "
        "`mathml: claims`.",
    ),
    "H603": Kind(
        "A cell does not reach the page",
        "What the author wrote does not match what the site's other plugins made of it, so "
        "there is no place for the output.",
        "The message says which cell, and what to write.",
    ),
    "H604": Kind(
        "Too few formulas of a page are tested",
        "The page or its site requires more coverage than it has.",
        "`handout coverage` lists the formulas that are not tested, with the reasons. Make them "
        "testable, or ask for less. One that is skipped counts as not tested.",
    ),
    "H605": Kind(
        "A badge stands beside a formula that is not tested",
        "Readers would think that the badge is about this formula.",
        "Make the formula a claim, or show the claim itself with `[[claim:PAGE#ID]]`.",
    ),
    "H606": Kind(
        "Dollar signs are read differently from how they were meant",
        "A `|` within a formula ends the cell of a table, the `$3-$` of `$3-$4` is taken for a "
        "formula, and `$ x_i $`, with a blank inside its dollars, for none.",
        r"Write `\vert` or `\mid` for the bar, and `\$` for the sign of a price.",
    ),
    "H607": Kind(
        "YAML cuts a value",
        r"In `title: Problem Set #1` and in a macro such as `\lVert #1 \rVert`, YAML takes what "
        "stands from ` #` on for a comment.",
        "Put the value between quotes: `title: 'Problem Set #1'`.",
    ),
    "H608": Kind(
        "A link of a notebook leads nowhere",
        "The text of a notebook links to a page that the site does not have.",
        "Write the path of the page's file, as seen from the notebook's.",
    ),
    "H609": Kind(
        "A reference finds no equation",
        r"The text says `\eqref{NAME}` or `\ref{NAME}`, and no formula of the page has "
        r"`\label{NAME}`.",
        "Correct the name, as the message proposes, or give the formula its label.",
    ),
    "H610": Kind(
        "Nothing refers to a label",
        r"A formula has `\label{NAME}`, and the page refers to it nowhere. This does no harm and "
        "fails no build.",
        r"Write `\eqref{NAME}` where it is meant, or leave the label out.",
    ),
    "H611": Kind(
        "Text is tested by a build alone",
        "Another plugin writes into the page, as macros and include-markdown do, and "
        "`handout check` does not run it. This fails nothing.",
        "Nothing need be done: `handout build` and `mkdocs build` test the page as readers see it.",
    ),
    "H701": Kind(
        "The configuration cannot be used",
        "`mkdocs.yml` cannot be read, or an option of the plugin is unknown or has a bad value.",
        "The message names the option and what it takes.",
    ),
    "H702": Kind(
        "A command cannot do what it is asked",
        "It is given a file, a folder or an option that is not there, does not fit, or cannot be "
        "read or written.",
        "The message names it. `handout COMMAND --help` lists what the command takes.",
    ),
    "H703": Kind(
        "A package is not installed",
        "A command or an option needs a package that is not installed with handout.",
        "Install it as the message says.",
    ),
    "H704": Kind(
        "A cluster cannot run the pages",
        "The scheduler does not answer, its workers do not fit, or the project cannot be sent.",
        "The message says which, and what to start or to install.",
    ),
    "H705": Kind(
        "The site generator cannot build the site",
        "MkDocs, ProperDocs or Zensical ended with an error of its own, or has no such page.",
        "The message has what it said.",
    ),
    "H706": Kind(
        "The handout cannot be printed",
        "There is no Chromium, it has failed, or the PDF cannot be written.",
        "The message says which, and how to get a Chromium.",
    ),
    "H707": Kind(
        "The files of live pages cannot be had",
        "The runtime or the editors cannot be fetched, or are not the official files.",
        "The message says from where. Pages are built without them, and are not live.",
    ),
    "H708": Kind(
        "The cache cannot be used",
        "The folder of the cache cannot be written, or its disk is full. The build goes on, and "
        "runs every page. This fails nothing.",
        "Make the folder writable, or name another one by the option `cache`.",
    ),
    "H709": Kind(
        "A page is not live",
        "Its code needs what a browser does not have, so its readers cannot change it. This fails "
        "nothing.",
        "Name packages that a browser may load by the option `live_packages`.",
    ),
    "H710": Kind(
        "A limit does not hold on this system",
        "The system has no such limit, so a page may take more than `mkdocs.yml` allows it. This "
        "fails nothing.",
        "Build pages that you do not trust where all limits hold: on Linux.",
    ),
}
