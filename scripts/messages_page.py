"""Write `docs/reference/messages.md` from the code: `python scripts/messages_page.py`.

A test fails while the page says something else than the code does.
"""

from __future__ import annotations

from pathlib import Path

from handout.page.codes import CODES

PAGE = Path(__file__).parents[1] / "docs/reference/messages.md"
HEAD = """\
---
title: Messages
---

# Messages

Every problem is one line, `docs/page.md:57: claim: what is wrong [H401]`, and ends with the code of
its kind. `handout explain H401` says in a terminal what this page says. Codes do not change: a
[baseline](../guide/ci.md#a-site-with-known-problems) names problems by them, and so do the
[SARIF files](../guide/ci.md#machine-readable-results) for code scanning.
"""


def page() -> str:
    """The whole page."""
    sections = [
        f"## {code}: {kind.title} {{ #{code} }}\n\n{kind.meaning}\n\n{kind.remedy}\n"
        for code, kind in CODES.items()
    ]
    return "\n".join([HEAD, *sections])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
