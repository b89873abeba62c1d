"""Weaves the pages of a site: text in, text out, for hosts that render Markdown and no more.

All that a verdict, a report, the font or an exit status needs is known once the pages are woven;
what a host makes of them, and whether it takes a page from a cache of its own, changes none of it.
"""

from __future__ import annotations

import json
import logging
import os
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from html import unescape
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml

from handout.hosts.documents import Documents, HostError
from handout.hosts.site import Site
from handout.page.fences import front_matter
from handout.page.pages import MARKDOWN
from handout.page.problems import Problem
from handout.run.cache import write, write_anew
from handout.run.digests import digest
from handout.run.kept import kept, making
from handout.weave.mentions import MENTION, Verdicts, mention, needs_other_pages
from handout.weave.woven import OPENING, Look, Woven, completed, ending

#: In the folder of woven pages, what the Markdown extension puts into them.
WOVEN = ".woven"
_IN_WORDS = re.compile(r"^(?P<key>title|description):[ \t]*(?P<value>[^\n]*)\n", re.MULTILINE)
_HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
#: What may be a title of the first level, with more than text in it.
_MARKED_TITLE = re.compile(r"#(?!#)(?<!##)[^\n]*(?:\$|\\|\[\[)|<h1|\n *=+ *(?:\n|$)")
_ENDINGS = "|".join(ending[1:] for ending in (*MARKDOWN, ".ipynb") if ending != ".md")
_LINK = re.compile(rf"(?P<start>\]\()(?P<path>[^)\s#]+\.(?:{_ENDINGS}))(?=[)#])")
_SCISSORS = re.compile(r"^;(?=;*-+8<-)|(?<=[^;\n]);(?=;*-+8<-)", re.MULTILINE)  # escaped for them
_TAG = re.compile(r"<[^>]*>")
_ATTRIBUTES = re.compile(r"[ \t]*\{[^{}]*\}[ \t]*$")  # as attr_list reads them behind a heading

log = logging.getLogger("handout")


class Draft(NamedTuple):
    """What a page is, whatever its cells give."""

    file: Any
    head: str  # its front matter
    body: str  # its text, with tokens
    included: str  # the same with all that it includes, which the host may still have to resolve


class WovenSite(Site):
    """A site whose pages are woven; see `handout.hosts.site.Site`.

    Args:
        folder: where what is woven is kept.
        extensions: those of the site's Markdown, with their options.
        resolving: whether the host resolves snippets, and all links from file to file, also those
            of HTML; if not, snippets are in the text, and our links are the addresses of pages.
    """

    def __init__(
        self,
        *args: Any,
        folder: Path,
        extensions: Mapping[str, Any],
        resolving: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*args, jupyter=False, **options)
        self.folder = folder
        self.resolving = resolving
        self.extensions = extensions
        self.kept: set[Path] = set()  # what was woven in this build

    def ready_first(self, files: Iterable[Any]) -> list[Any]:
        """Those that can be woven at once, then those that wait for cells, or for other pages.

        While cells run, Markdown is loaded, which their pages will need.
        """
        ordered = sorted(files, key=self.waits)
        if ordered and self.waits(ordered[-1]):
            _ = self._skeleton
        return ordered

    def waits(self, file: Any) -> bool:
        """Whether a page cannot be woven yet: its cells run, or those of others that it shows."""
        if needs_other_pages(self.pages[file.src_uri].text):
            return not self.engine.all_done()
        return not self.engine.is_done(file.src_uri)

    @cached_property
    def _skeleton(self) -> Callable[[str], str]:
        from handout.weave.skeleton import (
            skeletons,  # Markdown is not loaded for pages that are known
        )

        return skeletons(self.extensions)

    @cached_property
    def _markdown(self) -> str:
        """What the formulas of a page depend on besides its text."""
        return repr(sorted(self.extensions.items(), key=str))

    def _address(self, file: Any, all_files: Any) -> Callable[[str], str]:
        if not self.resolving:
            return super()._address(file, all_files)

        def address(name: str) -> str:
            other = all_files.get_file_from_path(name)
            return "" if other in (None, file) else self._from(file, other.woven_uri)

        return address

    def _link(self, file: Any, place: PurePosixPath) -> str:
        return self._from(file, str(place)) if self.resolving else super()._link(file, place)

    def _from(self, file: Any, path: str) -> str:
        return posixpath.relpath(path, posixpath.dirname(file.src_uri) or ".")

    def woven(self, file: Any, all_files: Any, more: str = "") -> str:
        """A page's text with tokens, and at its end the name of what belongs in their place.

        Args:
            file: the page.
            all_files: those of the site.
            more: what else the page depends on.
        """
        draft = self.draft(file, all_files)
        woven = self.weave(draft, all_files)
        name = self.content(draft, woven, more)
        self.keep(name, woven)
        return named(draft, name)

    def content(self, draft: Draft, woven: Woven, more: str) -> str:
        """All that a page depends on, in one digest."""
        parts = (making(), self._markdown, draft.included, woven.json, more)
        return digest("\0".join(parts).encode("utf-8", "surrogatepass"))

    def in_place(self, file: Any, all_files: Any) -> str:
        """A page's text with HTML in the place of tokens and formulas.

        Raises:
            HostError: a formula stands where it cannot be replaced.
        """
        from handout.weave.in_place import InPlaceError, in_place  # its patterns take a while

        draft = self.draft(file, all_files)
        try:
            return draft.head + in_place(draft.body, self.weave(draft, all_files), self._skeleton)
        except InPlaceError as error:
            raise HostError(f"{self.pages[file.src_uri].shown}: {error}", built=True) from None

    def draft(self, file: Any, all_files: Any) -> Draft:
        """A page's text with tokens, for which nothing has to have run."""
        page = self.pages[file.src_uri]
        text = self.as_markdown(page.name)
        head = "" if page.notebook or not page.readable else front_matter(text)
        body = text[len(head) :]
        if not page.notebook and page.readable:
            body = self.with_tokens(body, page.name)
            page = self.pages[page.name]
            if self.project.snippets is not None and not self.resolving:
                body = _SCISSORS.sub("", self.project.expanded(body, page.shown))
        body = _LINK.sub(self._to_woven(file, all_files), body)
        included = self.project.expanded(body, page.shown)
        return Draft(file, self._with_title(head, self._title(page, included)), body, included)

    def weave(self, draft: Draft, all_files: Any) -> Woven:
        """What belongs in the place of a page's tokens; waits for its cells.

        Problems of its formulas and links are reported, and the characters of formulas noted.
        """
        page = self.pages[draft.file.src_uri]
        woven, lost = self.gives(draft, all_files)
        parts = (self._markdown, page.shown, page.text, draft.included, woven.json)
        place = self._place(page, "ahead")
        look = kept(place, parts, lambda: self.seen_on(page, draft.included, woven))
        self.mind(draft, Look(*look), lost)
        return woven

    def mind(self, draft: Draft, look: Look, lost: Mapping[str, Problem]) -> None:
        """Report what is wrong with a page's formulas and links; note the formulas' characters."""
        page = self.pages[draft.file.src_uri]
        for written in look.mentioned:
            if written in lost:
                self.problems.tell(lost[written])
        self._faulty([Problem(page.shown, *fault) for fault in look.faults])
        self.font.characters |= set(look.characters)
        if look.characters:
            self.with_formulas.add(page.name)

    def gives(self, draft: Draft, all_files: Any) -> tuple[Woven, Mapping[str, Problem]]:
        """What a page's cells and its links to verdicts give, and the links that lead nowhere."""
        page = self.pages[draft.file.src_uri]
        verdicts = Verdicts(
            self._in_its_place(all_files),
            self._address(draft.file, all_files),
            self._in_reading_order,
            self.project.macros,
        )
        shown = {
            written: mention(written, page, verdicts)
            for written in set(MENTION.findall(draft.body))
        }
        mentions = {written: each._replace(problem=None) for written, each in shown.items()}
        lost = {written: each.problem for written, each in shown.items() if each.problem}
        return replace(self._woven(page, draft.file), mentions=mentions), lost

    def _to_woven(self, file: Any, all_files: Any) -> Callable[[re.Match[str]], str]:
        """Lets a link to a page that ends otherwise lead to what is woven of it, which is `.md`."""
        folder = posixpath.dirname(file.src_uri)

        def led(found: re.Match[str]) -> str:
            other = all_files.get_file_from_path(
                posixpath.normpath(posixpath.join(folder, found["path"]))
            )
            path = found["path"].rpartition(".")[0] + ".md"
            return found[0] if other is None else f"{found['start']}{path}"

        return led

    def seen_on(self, page: Any, text: str, woven: Woven) -> Look:
        """What a page will hold of formulas and links, without rendering it."""
        skeleton = self._skeleton(text)
        html, faults = completed(skeleton, woven, page)
        return Look.of(skeleton, html, faults)

    def _title(self, page: Any, text: str) -> str:
        """The heading of a page, if it has to be said in other words where only text can stand."""
        if not _MARKED_TITLE.search(text):
            return ""

        def titled() -> str:
            heading = _HEADING.search(self._skeleton(text))
            return heading[1] if heading and self.plain(heading[1]) != heading[1] else ""

        return str(kept(self._place(page, "title"), (self._markdown, text), titled))

    def _with_title(self, head: str, heading: str) -> str:
        """The front matter with title and description in words; the title may be a heading."""
        head = _IN_WORDS.sub(self._in_words, head)
        if not heading or any(found["key"] == "title" for found in _IN_WORDS.finditer(head)):
            return head
        words = unescape(_TAG.sub("", self.plain(_ATTRIBUTES.sub("", heading))))
        line = f"title: {json.dumps(re.sub(r'[*`]', '', words), ensure_ascii=False)}\n"
        return f"---\n{line}---\n" if not head else head.replace("\n", f"\n{line}", 1)

    def _in_words(self, found: re.Match[str]) -> str:
        try:
            value = str(yaml.safe_load(found["value"]) or "")
        except yaml.YAMLError:  # it goes on in the next line
            return found[0]
        words = self.plain(value)
        if words == value:
            return found[0]
        return f"{found['key']}: {json.dumps(words, ensure_ascii=False)}\n"

    def kept_file(self, name: str) -> Path:
        """Where that is kept which was woven for a page, by its name."""
        return self.folder / f"{name}.json"

    def keep(self, name: str, woven: Woven) -> None:
        """Keep what was woven for a page under a name, which no other content has."""
        file = self.kept_file(name)
        self.kept.add(file)
        if not file.is_file():
            write(file, woven.json.encode("utf-8", "surrogatepass"))

    def forget(self) -> None:
        """Remove what was woven for texts that are no more."""
        for folder in {file.parent for file in self.kept}:
            for name in os.listdir(folder):
                if name.endswith(".json") and folder / name not in self.kept:
                    (folder / name).unlink(missing_ok=True)


def named(draft: Draft, name: str) -> str:
    """A page's text for its host, which ends in the name of what was woven for it."""
    return draft.head + MENTION.sub(lambda found: OPENING + found[0][2:], draft.body) + ending(name)


def weave_site(config: Path, folder: Path, html: bool = False) -> WovenSite:
    """Write the pages of a site as they were woven, for a generator of any kind.

    Args:
        config: the site's configuration.
        folder: where to; what stands there is written over.
        html: whether HTML stands in the place of tokens and formulas. If not, the Markdown
            extension `handout` puts it there, given the folder's own `.woven`.

    Raises:
        HostError: the folder is no place for them, or a page cannot be woven so.
        SettingsError: the configuration cannot be read.
    """
    source = Documents(config)
    if source.docs.is_relative_to(folder) or folder.is_relative_to(source.docs):
        raise HostError(f"{folder}: woven pages need a folder apart from {source.docs.name}")
    source.find()
    site = WovenSite(
        source.project,
        source.docs,
        log,
        typesetter=source.typesetter,
        folder=folder / WOVEN,
        extensions=source.extensions,
    )
    try:
        site.start(source.files.values())
        site.reading_order = [name for name in source.navigation() if name in source.files]
        for name, other in source.others():
            write_anew(folder / name, other.read_bytes())
        for file in site.ready_first(source.files.values()):
            text = site.in_place(file, source.files) if html else site.woven(file, source.files)
            write_anew(folder / file.woven_uri, text.encode("utf-8", "replace"))
        site.report()
        site.write(folder)
        site.close()
    finally:
        site.end()
        site.engine.close()
    site.forget()
    return site
