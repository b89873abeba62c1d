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
from typing import Any

import yaml

from handout.hosts.documents import Documents, HostError
from handout.hosts.site import Site
from handout.math import fonts
from handout.page.fences import front_matter
from handout.page.pages import MARKDOWN
from handout.page.problems import Problem
from handout.run.cache import write, write_anew
from handout.run.digests import digest
from handout.run.kept import kept, making
from handout.weave.mentions import (
    MENTION,
    Verdicts,
    mention,
    needs_other_pages,
    with_mentions,
)
from handout.weave.woven import OPENING, Woven, completed, ending

#: In the folder of woven pages, what the Markdown extension puts into them.
WOVEN = ".woven"
_IN_WORDS = re.compile(r"^(?P<key>title|description):[ \t]*(?P<value>[^\n]*)\n", re.MULTILINE)
_HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
_ENDINGS = "|".join(ending[1:] for ending in (*MARKDOWN, ".ipynb") if ending != ".md")
_LINK = re.compile(rf"(?P<start>\]\()(?P<path>[^)\s#]+\.(?:{_ENDINGS}))(?=[)#])")
_SCISSORS = re.compile(r"^;(?=;*-+8<-)|(?<=[^;\n]);(?=;*-+8<-)", re.MULTILINE)  # escaped for them
_TAG = re.compile(r"<[^>]*>")
_ATTRIBUTES = re.compile(r"[ \t]*\{[^{}]*\}[ \t]*$")  # as attr_list reads them behind a heading

log = logging.getLogger("handout")


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

    def start(self, pages: Iterable[Any]) -> None:
        """Start as any site does; load Markdown while the cells run whose pages will need it."""
        super().start(pages)
        if not all(map(self.engine.is_done, self.pages)):
            _ = self._skeleton

    def ready_first(self, files: Iterable[Any]) -> list[Any]:
        """Those that can be woven at once, then those that wait for cells, or for other pages."""

        def waits(file: Any) -> bool:
            name = file.src_uri
            return needs_other_pages(self.pages[name].text) or not self.engine.is_done(name)

        return sorted(files, key=waits)

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
        head, text, woven, included = self.weave(file, all_files)
        name = _name(making(), self._markdown, included, woven.json, more)
        self._keep(self.folder / f"{name}.json", woven)
        return head + MENTION.sub(lambda found: OPENING + found[0][2:], text) + ending(name)

    def in_place(self, file: Any, all_files: Any) -> str:
        """A page's text with HTML in the place of tokens and formulas.

        Raises:
            HostError: a formula stands where it cannot be replaced.
        """
        from handout.weave.in_place import InPlaceError, in_place  # its patterns take a while

        head, text, woven, _ = self.weave(file, all_files)
        try:
            return head + in_place(text, woven, self._skeleton)
        except InPlaceError as error:
            raise HostError(f"{self.pages[file.src_uri].shown}: {error}", built=True) from None

    def weave(self, file: Any, all_files: Any) -> tuple[str, str, Woven, str]:
        """The front matter of a page, its text with tokens, and what belongs in their place.

        Last comes the text with all that it includes, which the host may still have to resolve.
        Problems of its formulas and links are reported, and the characters of formulas noted.
        """
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
        verdicts = Verdicts(
            self._in_its_place(all_files),
            self._address(file, all_files),
            self._in_reading_order,
            self.project.macros,
        )
        shown = {
            written: mention(written, page, verdicts) for written in set(MENTION.findall(body))
        }
        woven = self._woven(page, file)
        woven = replace(
            woven,
            mentions={written: each._replace(problem=None) for written, each in shown.items()},
        )
        included = self.project.expanded(body, page.shown)
        known = self._looked_at(page, included, woven)
        for written in known["mentioned"]:
            if (problem := shown[written].problem) is not None:
                self.problems.tell(problem)
        faults = [
            Problem(page.shown, line, message, code="H602", subject=subject)
            for line, message, subject in known["faults"]
        ]
        self._faulty(faults)
        self.font.characters |= set(known["characters"])
        if known["characters"]:
            self.with_formulas.add(page.name)
        return self._with_title(head, known["title"]), body, woven, included

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

    def _looked_at(self, page: Any, text: str, woven: Woven) -> dict[str, Any]:
        """What a page will hold of formulas and links, without rendering it; kept by content."""
        parts = (self._markdown, page.shown, page.text, text, woven.json)
        place = self._place(page, "ahead")
        found: dict[str, Any] = kept(place, parts, lambda: self._look(page, text, woven))
        return found

    def _look(self, page: Any, text: str, woven: Woven) -> dict[str, Any]:
        skeleton = self._skeleton(text)
        mentioned: set[str] = set()
        with_mentions(skeleton, mentioned.add)
        html, faults = completed(skeleton, woven, page)
        heading = _HEADING.search(skeleton)
        return {
            "faults": [(fault.line, fault.message, fault.subject) for fault in faults],
            "mentioned": sorted(mentioned),
            "characters": "".join(sorted(fonts.characters(html))),
            "title": heading[1] if heading and self.plain(heading[1]) != heading[1] else "",
        }

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

    def _keep(self, file: Path, woven: Woven) -> None:
        self.kept.add(file)
        if not file.is_file():
            write(file, woven.whole_json.encode("utf-8", "surrogatepass"))

    def forget(self) -> None:
        """Remove what was woven for texts that are no more."""
        for folder in {file.parent for file in self.kept}:
            for name in os.listdir(folder):
                if name.endswith(".json") and folder / name not in self.kept:
                    (folder / name).unlink(missing_ok=True)


def _name(*parts: str) -> str:
    """A name by content, of parts that do not run into each other."""
    return digest("\0".join(parts).encode("utf-8", "surrogatepass"))


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
