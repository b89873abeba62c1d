"""The printable handout: chosen pages of a built site as one PDF, printed by Chromium."""

from __future__ import annotations

import shutil

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class PdfError(Exception):
    """A handout that cannot be printed; the message says why, and the remedy."""


def find_chromium() -> str:
    """Return the path of a Chromium or Chrome.

    Raises:
        PdfError: none is on the PATH.
    """
    for name in CHROMIUMS:
        if (found := shutil.which(name)) is not None:
            return found
    raise PdfError(
        "no Chromium or Chrome on the PATH, which prints the handout; install one: "
        "`apt install chromium`, `brew install --cask chromium`, or https://www.google.com/chrome"
    )
