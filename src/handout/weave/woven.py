"""What a page shows besides its own text: woven before it is rendered, put into it afterwards.

A `Woven` is data: it can be kept, and is named by its content, so that a host which renders a page
anew when its text has changed does so when a verdict has, too. `completed` puts it into the HTML
that a host has made of the page: a host's plugin calls it, or the Markdown extension `handout`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple

from handout.judge.coverage import coverage
from handout.judge.verdict import Verdict
from handout.judge.verdicts import JudgedPage, Result
from handout.math import fonts
from handout.page.pages import Page
from handout.page.problems import Problem
from handout.render.head import page_head, under_title, without_empty_headers
from handout.render.objects import objects_of
from handout.weave import pagemath
from handout.weave.inject import filled, given, graphs, token
from handout.weave.mentions import Mention, with_mentions

#: Stands for the `[[` of a link to verdicts, which a host may take for a link of its own.
OPENING = "\ue000"


@dataclass(frozen=True)
class Woven:
    """What belongs into one page.

    Attributes:
        token: what the page's tokens begin with.
        cells: the HTML that each cell gives, by its number.
        under_title: the lines under the page's title.
        after: what follows all else.
        mentions: what links to verdicts show, as they are written.
        marked: the verdicts that are drawn on formulas, by the number of their cell.
        sources: of the cells whose code speaks of what graphs show, by their number.
        folded: the cells whose code is there to be opened, by their number.
        graphs: those of the page, as its cells have described them.
        macros: of the page's formulas.
        mathml: which formulas are set, as in `handout.settings`.
        keep: whether a formula that cannot be set is left to the site's own typesetter.
    """

    token: str
    cells: Sequence[str] = ()
    under_title: str = ""
    after: str = ""
    mentions: Mapping[str, Mention] = field(default_factory=dict)
    marked: Mapping[int, Sequence[Verdict]] = field(default_factory=dict)
    sources: Mapping[int, str] = field(default_factory=dict)
    folded: Sequence[int] = ()
    graphs: Sequence[Mapping[str, Any]] = ()
    macros: Mapping[str, str] = field(default_factory=dict)
    mathml: bool | str = True
    keep: bool = False

    @cached_property
    def json(self) -> str:
        """All of it, the same for the same content."""
        data = {f.name: getattr(self, f.name) for f in fields(self)}
        return json.dumps(data, ensure_ascii=False, sort_keys=True)


class Look(NamedTuple):
    """What of a page shows only once it is rendered."""

    characters: str  # of its formulas
    mentioned: Sequence[str]  # its links to verdicts, as they are written
    faults: Sequence[Sequence[Any]]  # problems of formulas, but for the path

    @classmethod
    def of(cls, html: str, done: str, faults: Sequence[Problem]) -> Look:
        """That of a page, given its HTML before and after `completed`, and what that found."""
        mentioned: set[str] = set()
        with_mentions(html, mentioned.add)
        characters = "".join(sorted(fonts.characters(done)))
        return cls(characters, sorted(mentioned), [fault[1:] for fault in faults])


def ending(name: str) -> str:
    """The last lines of a page's text, which name what was woven for it."""
    return f"\n\n<!-- woven by handout: {name} -->\n"


def from_json(text: str) -> Woven:
    """What `Woven.json` has written."""
    data: dict[str, Any] = json.loads(text)
    data["mentions"] = {written: Mention(*shown) for written, shown in data["mentions"].items()}
    for by_number in ("marked", "sources"):
        data[by_number] = {int(number): each for number, each in data[by_number].items()}
    return Woven(**data)


def weave(
    page: Page,
    judged: JudgedPage | None,
    macros: Mapping[str, str],
    *,
    whole: bool = True,
    mark: Callable[[int, str], str] | None = None,
    mathml: bool | str = True,
    keep: bool = False,
    given: Callable[[Sequence[Result]], Sequence[str]] = given,
) -> Woven:
    """What belongs into a page, but for links to verdicts, and what else a site adds.

    Args:
        page: as its author wrote it.
        judged: its verdicts; None for a page that has neither cells nor formulas to count.
        macros: of its formulas.
        whole: whether it is shown from its title to its end.
        mark: what to make of a cell's number and the HTML that it gives.
        mathml: which formulas are set, as in `handout.settings`.
        keep: whether a formula that cannot be set is left to the site's own typesetter.
        given: makes HTML of what cells give.
    """
    results = judged.results if judged is not None and page.cells else []
    cells = given(results)
    drawn = graphs(judged) if judged is not None and results else {}
    counted = whole and judged is not None and (page.cells or page.unclaimed)
    return Woven(
        token(page),
        cells if mark is None else [mark(number, html) for number, html in enumerate(cells)],
        page_head(judged.verdicts, coverage(judged)) if counted and judged is not None else "",
        marked={
            number: result.verdicts
            for number, result in enumerate(results)
            if any("sign_at" in verdict["details"] for verdict in result.verdicts)
        },
        # a line below the last graph may give a name to something else
        sources={n: r.cell.source for n, r in enumerate(results) if n <= max(drawn, default=-1)},
        folded=[n for n, r in enumerate(results) if r.cell.options.get("show") == "folded"],
        graphs=[graph for described in drawn.values() for graph in described],
        macros=macros,
        mathml=mathml,
        keep=keep,
    )


def completed(html: str, woven: Woven, page: Page | None = None) -> tuple[str, list[Problem]]:
    """A page's HTML with all that was woven, and what is wrong with formulas that failed.

    Args:
        html: what a host has rendered of the page.
        woven: what belongs into it.
        page: as its author wrote it, in which the lines of problems are found.
    """
    objects = objects_of(woven.graphs)
    html = without_empty_headers(html)
    html = filled(html, woven.token, woven.cells, woven.sources, objects, woven.folded)
    html += woven.after
    html = under_title(html, woven.under_title)
    if woven.mentions:
        html = with_mentions(html, woven.mentions.get)
    return pagemath.convert(
        html,
        page,
        woven.macros,
        which=woven.mathml,
        keep=woven.keep,
        verdicts=woven.marked,
        objects=objects,
    )
