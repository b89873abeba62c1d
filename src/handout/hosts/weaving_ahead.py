"""Gives a host the text of every page before it is known what belongs into it.

So a host that renders page after page begins while cells still run; what renders a page waits for
what is woven for it (see `handout.weave.extension`), and tells what the page then shows.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from handout.hosts.weaving import Draft, WovenSite, named
from handout.page.problems import Problem
from handout.run.cache import write_anew
from handout.weave.woven import Look, Woven, from_json


class _Known(NamedTuple):
    """What was woven for a page in the build before."""

    content: str  # a digest of all that it depended on
    name: str
    look: Look


class AheadSite(WovenSite):
    """A site whose pages are woven while they are rendered; see `WovenSite`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._register = self.folder.parent / "woven.json"  # what was woven for pages by `ahead`
        self._registered: dict[str, _Known] = {}
        self._to_come: dict[str, tuple[Draft, str, str]] = {}  # by page: its name, what else it is
        self._unseen: dict[str, tuple[Draft, str, Mapping[str, Problem]]] = {}  # by name

    def ahead(self, file: Any, all_files: Any, more: str = "") -> str:
        """A page's text as `woven` gives it, but nothing is waited for: `rest` weaves what is left.

        A page that is as it was in the build before ends in the name that it had; any other ends in
        a new one, since nobody knows its content yet.
        """
        draft = self.draft(file, all_files)
        known = self._known.get(file.src_uri)
        if known and not self.waits(file) and self.kept_file(known.name).is_file():
            woven, lost = self.gives(draft, all_files)
            if self.content(draft, woven, more) == known.content:
                self._put_away(draft, known.name, woven)
                self.mind(draft, known.look, lost)
                self._registered[file.src_uri] = known
                return named(draft, known.name)
        name = secrets.token_hex(16)
        self._to_come[file.src_uri] = (draft, name, more)
        return named(draft, name)

    @property
    def is_ahead(self) -> bool:
        """Whether something is left to be woven."""
        return bool(self._to_come)

    def rest(self, all_files: Any) -> Iterator[None]:
        """Weave what `ahead` has left, page by page; `seen` is to be called of each."""
        for file in sorted((draft.file for draft, _, _ in self._to_come.values()), key=self.waits):
            draft, name, more = self._to_come[file.src_uri]
            woven, lost = self.gives(draft, all_files)
            self._put_away(draft, name, woven)
            self._unseen[name] = (draft, self.content(draft, woven, more), lost)
            yield

    def _put_away(self, draft: Draft, name: str, woven: Woven) -> None:
        """Keep what was woven, and let go of what cells gave, which takes most of the memory."""
        self.keep(name, woven)
        for result in self.engine.judged(draft.file.src_uri).results:
            if result.outcome is not None:
                result.outcome["outputs"] = []

    def seen(self, name: str, look: Look) -> None:
        """Report and note what a page shows that `rest` has woven, given its name."""
        if name not in self._unseen:
            return
        draft, content, lost = self._unseen.pop(name)
        self.mind(draft, look, lost)
        self._registered[draft.file.src_uri] = _Known(content, name, look)
        if not self._unseen:
            self.font.begin()  # now all characters are known

    def see_to_rest(self) -> None:
        """See to the pages that nobody has rendered, and keep what is known of all of them."""
        for name, (draft, _, _) in list(self._unseen.items()):
            woven = from_json(self.kept_file(name).read_text("utf-8", "surrogatepass"))
            self.seen(name, self.seen_on(self.pages[draft.file.src_uri], draft.included, woven))
        self.font.begin()
        write_anew(self._register, json.dumps(self._registered).encode())

    @cached_property
    def _known(self) -> Mapping[str, _Known]:
        with contextlib.suppress(OSError, ValueError, TypeError):
            read = json.loads(self._register.read_bytes())
            return {
                page: _Known(content, name, Look(*look))
                for page, (content, name, look) in read.items()
            }
        return {}
