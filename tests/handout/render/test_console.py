"""Text of a cell stands in the page as a terminal would show it."""

from __future__ import annotations

import re

import pytest

from handout.render.console import console_html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b\n", "a &lt; b\n"),
        ("10%\r50%\r100%\n", "100%\n"),
        ("loading\rdone", "doneing"),
        ("loading\r\x1b[Kdone", "done"),
        ("loading\x1b[2K\rdone", "done"),
        ("abc\b\bX", "aXc"),
        ("one\ntwo\x1b[A\rONE\ntwo", "ONE\ntwo"),
        ("one\n\x1b[1A\x1b[2Kuno\n", "uno\n"),
        ("old\nold\x1b[2J\x1b[Hnew", "new"),
        ("a\x1b[3Cb", "a   b"),
        ("abc\x1b[1D!", "ab!"),
        ("abc\x1b[1G!", "!bc"),
        ("abc\x1b[1K", "   "),
        ("a\tb\r\nc", "a\tb\nc"),
        ("a\x00b\x07c\x0bd", "abcd"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdata\x1b\\text", "text"),
        ("\x1b[?25lhidden cursor\x1b[?25h", "hidden cursor"),
        ("\x1b[>0qx\x1b(Bz\x1b=y", "xzy"),
        ("\x9b31mx", "31mx"),
        ("unfinished \x1b[3", "unfinished [3"),
        ("\x1b[999999999Cx", " " * 1000 + "x"),
        ("\x1b[99999B\x1b[99999Ax", "x"),
        ("\x1b[;m\x1b[mx", "x"),
    ],
)
def test_control_characters_do_what_a_terminal_does(text: str, shown: str) -> None:
    """Overwritten text is gone; what has no place on a page leaves no trace."""
    assert console_html(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m<\x1b[0m", '<span class="ansi-fg-red">&lt;</span>'),
        ("\x1b[1;4;32mx\x1b[22my", '<span class="ansi-bold ansi-fg-green ansi-underline">x'
         '</span><span class="ansi-fg-green ansi-underline">y</span>'),
        ("\x1b[93;44mx\x1b[39my\x1b[49mz", '<span class="ansi-bg-blue ansi-fg-bright-yellow">x'
         '</span><span class="ansi-bg-blue">y</span>z'),
        ("\x1b[38;5;9mx", '<span class="ansi-fg-bright-red">x</span>'),
        ("\x1b[38;5;208mx", '<span style="color:#ff8700">x</span>'),
        ("\x1b[48;5;240mx", '<span style="background-color:#585858">x</span>'),
        ("\x1b[1;38;2;1;2;300mx", '<span class="ansi-bold" style="color:#0102ff">x</span>'),
        ("\x1b[38:2:1:2:3mx", '<span style="color:#010203">x</span>'),
        ("\x1b[38;7mx\x1b[38mx\x1b[38;5mx", "xx" + '<span class="ansi-fg-black">x</span>'),
        ("\x1b[31mred\rdone", '<span class="ansi-fg-red">done</span>'),
        ("\x1b[3mx\x1b[23;9my\x1b[29;2mz", '<span class="ansi-italic">x</span>'
         '<span class="ansi-struck">y</span><span class="ansi-dim">z</span>'),
    ],
)  # fmt: skip
def test_colours_are_kept(text: str, shown: str) -> None:
    """Sixteen have names, which the site's style adapts to light and dark; others are exact."""
    assert console_html(text) == shown


def test_a_long_progress_bar_is_one_line() -> None:
    """However often it was drawn."""
    bar = "".join(f"\r{n:5}/100000 |{'#' * (n // 2000):50}|" for n in range(0, 100_001, 10))
    assert console_html(bar) == f"100000/100000 |{'#' * 50}|"


def test_no_control_character_is_left() -> None:
    """Whatever bytes a cell prints."""
    everything = "".join(map(chr, range(0xA0))) + "x"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", console_html(everything))
