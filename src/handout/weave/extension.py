"""The Markdown extension `handout`: it puts what was woven into a page where that is rendered.

A page that was woven ends in a comment that names what belongs into it (see `handout.weave.woven`);
tokens in its text stand for what cells give. Where a host's plugin does the rest, the extension
carries the tokens through.

A cell that is still there when a text is rendered came from where nobody looked, as by an include
that an extension makes; or the host knows nothing of the plugin, and has run no cell at all. That
is an error, for such a cell would look like one that was tested.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Extension, Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from handout.page.cells import untested
from handout.page.fences import running_text
from handout.page.problems import UserError
from handout.settings import SettingsError, find_project
from handout.weave.inject import TOKEN
from handout.weave.mentions import MENTION, with_mentions, without_mentions
from handout.weave.pagemath import plain, title
from handout.weave.woven import OPENING, Look, Woven, completed, from_json

#: Called with the file of what is woven for a page; returns once it is there, or will never be.
wait_for: Callable[[Path], object] = Path.exists
#: Called with the name of what was woven for a page, and with what that page shows; or None.
rendered: Callable[[str, Look], object] | None = None

_NAME = re.compile(r"^<!-- woven by handout: (?P<name>[0-9a-f]{32}) -->$", re.MULTILINE)


class UntestedError(UserError):
    """A page with cells or claims is rendered by a host that has run none of them."""

    code = "H603"


class HandoutExtension(Extension):
    """Puts what was woven into a page; minds cells that nothing has run.

    Options:
        woven: the folder of what was woven, on a site whose pages were.
        serving: whether a page that cannot be shown is to say so, and to stop no server.
        rendering: called with every text that is rendered, by a host whose plugin has taken out
            of it the cells that it knew. Without either there is no plugin, and cells are an error.
    """

    def __init__(self, **options: Any) -> None:
        self.config = {
            "woven": ["", "the folder of what was woven"],
            "serving": [False, "whether a page that cannot be shown is to say so"],
            "rendering": ["", "called with every text that is rendered"],
        }
        if others := sorted(options.keys() - self.config.keys()):
            raise SettingsError(
                f"{', '.join(others)}: written below `markdown_extensions`, where handout has no "
                "such option; the plugin's options stand below `plugins`, as in `- handout: "
                "{claims: all}`"
            )
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:
        """Ask for tokens before the processors of lists, quotes and paragraphs.

        Cells are looked for after everything that includes text, and before fences are taken away.
        """
        md.parser.blockprocessors.register(_TokenProcessor(md.parser), "handout-tokens", 85)
        if rendering := self.getConfig("rendering"):
            md.preprocessors.register(_Told(md, rendering), "handout-untested", 26)
            return
        page = _RenderedPage(md, self.getConfig("woven"), self.getConfig("serving"))
        md.preprocessors.register(_Named(md, page), "handout-woven", 100)
        md.preprocessors.register(_Alone(md, page), "handout-untested", 26)
        md.treeprocessors.register(_Finished(md, page), "handout-finished", -100)
        md.postprocessors.register(_Completed(md, page), "handout-completed", -100)


class _RenderedPage:
    """The page that is rendered, in what its processors share."""

    def __init__(self, md: Markdown, folder: str, serving: bool) -> None:
        self.md, self.folder, self.serving = md, folder, serving
        self.name = ""  # of what was woven for it
        self.woven: Woven | None = None
        self.notice = ""
        self.finished = False  # whether the text that comes next is the whole page

    @property
    def context(self) -> Any:
        """What the host tells of the page, as Zensical does."""
        others = (p for p in self.md.preprocessors if not isinstance(p, (_Named, _Alone)))
        return next((p.page for p in others if hasattr(p, "page")), None)

    def read(self, name: str) -> None:
        """Begin a page, given the name of what was woven for it; empty if nothing was."""
        self.name, self.woven, self.notice, self.finished = name, None, "", False
        if not name:
            return
        file = Path(self.folder or ".", f"{name}.json")
        wait_for(file)
        try:
            text = file.read_text("utf-8")
        except OSError:
            self.refuse("what was woven for this page is not there: weave it again")
        else:
            self.woven = from_json(text)

    def refuse(self, message: str) -> None:
        """Fail; a notice would not do, since a host that keeps pages shows it once and passes."""
        if path := getattr(self.context, "path", ""):
            message = f"{path}: {message}"
        if not self.serving:
            raise UntestedError(message)
        self.notice = f'<div class="admonition failure"><p>{escape(message)}</p></div>'


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


class _Named(Preprocessor):
    """Reads what was woven for the page."""

    def __init__(self, md: Markdown, page: _RenderedPage) -> None:
        super().__init__(md)
        self.page = page

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        found = _NAME.search(text)
        self.page.read(found["name"] if found else "")
        return _NAME.sub("", text).replace(OPENING, "[[").split("\n")


class _Alone(Preprocessor):
    """Refuses a page with cells, claims or badges that nothing has run."""

    def __init__(self, md: Markdown, page: _RenderedPage) -> None:
        super().__init__(md)
        self.page = page

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        context = self.page.context
        claims = (context and context.meta.get("claims")) or _claims()
        if cells := untested(text, whole=claims == "all"):
            what = f"{cells[0].id or 'a cell'} ({len(cells)} in all)"
        elif self.page.folder:  # what is known of links to verdicts shows when they are put in
            return lines
        elif found := next(filter(None, (MENTION.search(t) for _, t in running_text(text))), None):
            what = found[0]
        else:
            return lines
        self.page.refuse(
            f"{what}: reaches the page where nothing can run it: include it with "
            "pymdownx.snippets, or write it on the page"
            if self.page.folder
            else "the program that builds this site does not test what the page claims: "
            f"{what}. Build with `handout build`"
        )
        return lines


class _Finished(Treeprocessor):
    """Notes that the page's tree is done; before, the table of contents has headings processed."""

    def __init__(self, md: Markdown, page: _RenderedPage) -> None:
        super().__init__(md)
        self.page = page

    def run(self, root: Element) -> None:
        self.page.finished = True


class _Completed(Postprocessor):
    """Puts in what was woven, and sets the formulas of the table of contents."""

    def __init__(self, md: Markdown, page: _RenderedPage) -> None:
        super().__init__(md)
        self.page = page

    def run(self, text: str) -> str:
        woven = self.page.woven
        if not self.page.finished:
            return text
        if woven is None:
            return self.page.notice + text
        done, faults = completed(text, woven)
        with_mentions(done, self._unknown)
        if rendered is not None and not faults:  # their lines are found where the page is known
            rendered(self.page.name, Look.of(text, done, faults))
        if woven.mathml is True:
            self._set(getattr(self.page.md, "toc_tokens", ()), woven.macros)
        return self.page.notice + done

    def _unknown(self, written: str) -> None:
        self.page.refuse(f"{written}: reaches the page from where it was not known: write it there")

    def _set(self, contents: Iterable[dict[str, Any]], macros: Mapping[str, str]) -> None:
        for entry in contents:
            entry["name"] = plain(_without_mentions(entry["name"]), macros)
            entry["html"] = title(_without_mentions(entry["html"]), macros)
            self._set(entry["children"], macros)


def _without_mentions(heading: str) -> str:
    return without_mentions(heading.replace(OPENING, "[["))


@functools.cache
def _claims() -> str:
    """Which formulas are claims, by the configuration of the site that is built here."""
    return find_project(Path.cwd()).settings.claims
