"""The font of a site's formulas: with the characters that stand on its pages, and no others."""

from __future__ import annotations

import contextlib
from pathlib import Path

from handout.math import fonts
from handout.run.cache import write, write_anew
from handout.run.digests import digest
from handout.run.installed import version
from handout.run.kept import making


class SiteFont:
    """Gathers characters while pages are made, and makes the font in a process of its own.

    Args:
        cache: the folder in which a font is kept, by the set of its characters.
    """

    def __init__(self, cache: Path) -> None:
        self.characters: set[str] = set()
        self._cache = cache
        self._cutter: fonts.Cutter | None = None
        self._begun = False

    def prepare(self) -> None:
        """Load what will make the font, while characters are still found."""
        self._cutter = fonts.Cutter()

    def note(self, html: str) -> None:
        """Note the characters of the formulas in HTML."""
        self.characters |= fonts.characters(html)

    def begin(self) -> None:
        """Begin to make the font, all characters being known by now; the second time in vain."""
        kept = self._kept()
        if self.characters and not self._begun and not kept.is_file():
            self._begun = True
            self._cutter = self._cutter or fonts.Cutter()
            self._cutter.begin(self.characters, kept)

    def write(self, folder: Path, dirty: bool) -> None:
        """Write the font into the folder of a site that has formulas.

        Args:
            folder: of the site.
            dirty: whether pages are there that were not made this time; they need theirs, too.
        """
        if not self.characters:
            return
        target = folder / fonts.FILE
        if dirty:
            self.characters |= fonts.held(target)
        self.wait()
        kept = self._kept()
        try:
            write_anew(target, kept.read_bytes())
        except OSError:
            fonts.write_subset(self.characters, target)
            with contextlib.suppress(OSError):
                write(kept, target.read_bytes())

    def wait(self) -> None:
        """Let no process outlive the build."""
        if self._cutter is not None:
            self._cutter.wait()

    def _kept(self) -> Path:
        made_of = (making(), version("ziamath"), version("fonttools"), sorted(self.characters))
        return self._cache / "fonts" / f"{digest(repr(made_of).encode())}.woff2"
