"""The Markdown extension `handout`: it carries tokens through, and finds what nothing has run.

A token stands for what a cell gives (see `handout.weave.inject`). A cell that is still there when a
text is rendered came from where nobody looked, as by an include that an extension makes; or the
host knows nothing of the plugin, and has run no cell at all. That is said, for such a cell would
look like one that was tested.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Extension, Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.preprocessors import Preprocessor
from markdown.util import AtomicString

from handout.page.cells import Cell, read_contents
from handout.page.displays import Role
from handout.page.fences import running_text
from handout.settings import find_project
from handout.weave.inject import TOKEN

#: The environment variable that says to a host's own process that its pages were woven before.
WOVEN = "HANDOUT_WOVEN"
_MAYBE = re.compile(r"exec|claim|exercise|<!--\s*(?:let|define)|math\s+(?:let|define)", re.I)
_BADGE = re.compile(r"\[\[(?:verdict:[^\]\s]+|claim:[^\]\s]+|verdicts(?::[^\]\s]+)?)\]\]")


class UntestedError(ValueError):
    """A page with cells or claims is rendered by a host that has run none of them."""


class HandoutExtension(Extension):
    """Makes a paragraph of a token without looking into it; minds cells that nothing has run.

    Options:
        rendering: called with every text that is rendered, by a host whose plugin has taken out
            of it the cells that it knew. Without it there is no plugin, and cells are an error.
    """

    def __init__(self, **options: Any) -> None:
        self.config = {"rendering": ["", "called with every text that is rendered"]}
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:
        """Ask for tokens before the processors of lists, quotes and paragraphs.

        Cells are looked for after everything that includes text, and before fences are taken away.
        """
        md.parser.blockprocessors.register(_TokenProcessor(md.parser), "handout-tokens", 85)
        rendering = self.getConfig("rendering")
        looking = _Told(md, rendering) if rendering else _Alone(md)
        md.preprocessors.register(looking, "handout-untested", 26)


class _TokenProcessor(BlockProcessor):
    """Keeps tokens as they are.

    Python-Markdown would search each of them for links, for emphasis, and for all its other inline
    patterns, which takes longer than asking the cache for what belongs in its place.
    """

    _whole = re.compile(TOKEN)

    def test(self, parent: Element, block: str) -> bool:
        return block.startswith("handout-") and self._whole.fullmatch(block) is not None

    def run(self, parent: Element, blocks: list[str]) -> None:
        SubElement(parent, "p").text = AtomicString(blocks.pop(0))


class _Told(Preprocessor):
    """Shows the host's plugin what is rendered."""

    def __init__(self, md: Markdown, rendering: Callable[[str], None]) -> None:
        super().__init__(md)
        self.rendering = rendering

    def run(self, lines: list[str]) -> list[str]:
        self.rendering("\n".join(lines))
        return lines


class _Alone(Preprocessor):
    """Refuses a page with cells, claims or badges: no plugin is there that could run them.

    Where the page was woven, badges are filled in later, and cells came from an include of the
    host's. A notice on the page would not do: a host that keeps pages which did not change, as
    Zensical does, shows it once, and passes the next time.
    """

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        page = next((p.page for p in self.md.preprocessors if hasattr(p, "page")), None)
        claims = (page and page.meta.get("claims")) or _claims()
        cells = untested(text, whole=claims == "all")
        if WOVEN in os.environ and not cells:
            return lines
        if cells:
            what = f"{cells[0].id or 'a cell'} ({len(cells)} in all)"
        elif found := next(filter(None, (_BADGE.search(t) for _, t in running_text(text))), None):
            what = found[0]
        else:
            return lines
        where = f"{page.path}: " if page else ""
        if WOVEN in os.environ:
            raise UntestedError(
                f"{where}{what}: reaches the page where nothing can run it: include it with "
                "pymdownx.snippets, or write it on the page"
            )
        raise UntestedError(
            f"{where}the program that builds this site does not test what the page claims: {what}. "
            "Build with `handout build`"
        )


@functools.cache
def _claims() -> str:
    """Which formulas are claims, by the configuration of the site that is built here."""
    return find_project(Path.cwd()).settings.claims


def untested(text: str, whole: bool = False) -> Sequence[Cell]:
    """The cells of a text that is about to be rendered; weaving would have taken them out.

    Args:
        text: of a page.
        whole: whether every display formula that states something is a claim.
    """
    if not whole and _MAYBE.search(text) is None:
        return []
    return [
        cell
        for cell in read_contents(text, "", known=True, whole=whole).cells
        if not cell.foreign and (cell.judged or cell.role not in (Role.NONE, Role.SKIP))
    ]
