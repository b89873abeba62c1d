"""The mathematics font: STIX Two Math, cut down to the glyphs that a site uses.

The font (SIL Open Font License) ships inside the `ziamath` package. A subset for a handout is a
tenth of it, and nothing is fetched from elsewhere.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

FOLDER = "assets/handout"  # of a site: style, script and font of the handout
FILE = f"{FOLDER}/stix-two-math.woff2"
_MATH = re.compile(
    r'<math\b.*?</math>|<text class="figure-math.*?</text>', re.DOTALL
)  # names in a graph are set as in formulas
_TAG = re.compile(r"<[^>]*>")

# A browser draws the single letter of an <mi> with its italic from the mathematical alphabets.
_ITALICS = {
    unicodedata.normalize("NFKC", chr(code)): chr(code)
    for first, last in ((0x1D434, 0x1D467), (0x1D6A4, 0x1D6A5), (0x1D6E2, 0x1D71B))
    for code in range(first, last + 1)
    if unicodedata.category(chr(code)) != "Cn"
} | {"h": "ℎ"}
_PROGRAM = "from handout.math import fonts; fonts.wait_and_write()"
_NICE = 10  # the cells, which run meanwhile, come first
_ALWAYS = "0123456789()[]{}|+−=,.√∑∏ "

# How far scripts keep from the bottom and the top of what they belong to, in thousandths of an em.
# The font's own values are for tall groups, but browsers apply them to letters as well, so that the
# i of y_i hung below that of x_i. These are nearly TeX's.
_SCRIPTS = {"SubscriptBaselineDropMin": 0, "SuperscriptBaselineDropMax": 386}


def characters(content: str) -> set[str]:
    """The characters that stand in the formulas of a page's HTML, and in its graphs' names."""
    return {c for math in _MATH.findall(content) for c in unescape(_TAG.sub("", math))}


def preloaded(page: str, address: str) -> str:
    """A page that asks for the font of its formulas at once, so that they are laid out only once.

    Not for pages without formulas: browsers warn of a font that is loaded in vain.

    Args:
        page: HTML with a head.
        address: of the font, as seen from the page.
    """
    link = f'<link rel="preload" href="{address}" as="font" type="font/woff2" crossorigin>'
    return page.replace("</head>", f"{link}</head>", 1)


class Cutter:
    """A process that cuts the font, and loads what it needs while characters are still found."""

    def __init__(self) -> None:
        # -P: a module of the author's in the working directory is not taken for one of these
        command = [sys.executable, "-P", "-c", _PROGRAM]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)

    def begin(self, used: Iterable[str], target: Path) -> None:
        """Begin to write the font with the glyphs for these characters: all of it, or none."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended; who waits sees that there is no font
            self._process.stdin.write(json.dumps((sorted(used), str(target))))
            self._process.stdin.close()

    def wait(self) -> None:
        """Return when it has ended; at once, if it was not told to begin."""
        assert self._process.stdin is not None
        if not self._process.stdin.closed:
            self._process.kill()
        with self._process:  # closes what is open
            pass


def wait_and_write() -> None:
    """What a `Cutter` has its process do."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    gc.disable()  # this process ends before there is much to collect
    import fontTools.subset  # before the characters are known
    import fontTools.ttLib.woff2  # noqa: F401

    if told := sys.stdin.read():
        write_subset(*json.loads(told))


def write_subset(used: Iterable[str], target: str | Path) -> None:
    """Write the font with the glyphs for these characters.

    Stretched brackets, script sizes and italics of the characters come along.
    """
    from fontTools.subset import Options, Subsetter, load_font, save_font  # half a second

    wanted = set(used) | set(_ALWAYS)
    wanted |= {_ITALICS[character] for character in wanted if character in _ITALICS}
    options = Options(
        flavor="woff2",
        layout_features=["ssty", "dtls", "flac", "kern", "mark", "mkmk", "ccmp"],
        hinting=False,
        notdef_outline=True,
        name_IDs=[0, 1, 2, 13, 14],  # names, and the licence that the font must carry
        drop_tables=["DSIG", "FFTM"],
    )
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(load_font(str(_font()), options)) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=map(ord, wanted))
        subsetter.subset(font)
        for constant, value in _SCRIPTS.items():
            getattr(font["MATH"].table.MathConstants, constant).Value = value
        _even_radicals(font)
        save_font(font, f"{target}.part", options)
    Path(f"{target}.part").replace(target)  # a reader sees all of it or none


def _even_radicals(font: TTFont) -> None:
    """Make tall radical signs as wide as the low one, as TeX's are.

    Chromium leaves room for the widest of them before it knows which one a root takes, and what is
    left over would stand as a gap behind every low root.
    """
    low = font.getBestCmap()[ord("√")]
    variants = font["MATH"].table.MathVariants
    construction = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(low)]
    tall = {record.VariantGlyph for record in construction.MathGlyphVariantRecord} - {low}
    tall |= {part.glyph for part in construction.GlyphAssembly.PartRecords}
    metrics, outlines = font["hmtx"], font["glyf"]
    width = metrics[low][0]
    for name in tall:
        outline = outlines[name]
        outline.coordinates.scale((width / metrics[name][0], 1))
        outline.coordinates.toInt()
        outline.recalcBounds(outlines)
        metrics[name] = (width, outline.xMin)


def held(font: Path) -> set[str]:
    """The characters for which a font that was written before has glyphs; none without it."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with contextlib.closing(TTFont(str(font), lazy=True)) as read:
            return set(map(chr, read.getBestCmap()))
    except (OSError, TTLibError):
        return set()


def _font() -> Path:
    """The whole font, found without importing the package that carries it."""
    package = find_spec("ziamath")
    if package is None or package.origin is None:
        raise FileNotFoundError("The font STIX Two Math is missing: install the package ziamath.")
    return Path(package.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
