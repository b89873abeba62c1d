"""Values that YAML cuts at ` #`: what follows is a comment to YAML, and rarely meant as one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from handout.page.fences import front_matter
from handout.page.problems import Problem

#: A value that no quotes begin and no block follows, and a `#` with no blank behind it.
_CUT = re.compile(
    r"""^\s*(?:-\s+)?[\w.-]+:\s+(?P<value>[^\s"'|>\[{#&*!][^\n]*?)?(?<=\s)\#(?P<rest>[^\s#][^\n]*)$"""
)


def cut_values(yaml: str, path: str) -> list[Problem]:
    """The values of YAML that lose what stands from ` #` on, with their lines.

    A comment has a blank behind its `#`, by custom; `Problem Set #1` has none.
    """
    return [Problem(path, *found, code="H607") for found in _found(yaml)]


def cut_front_matter(page: str, path: str) -> list[Problem]:
    """The same, of a page's front matter."""
    return cut_values(front_matter(page), path)


def _found(yaml: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(yaml.split("\n"), 1):
        if found := _CUT.match(line):
            kept = (found["value"] or "").strip()
            whole = f"{kept} #{found['rest'].rstrip()}".strip()
            yield (
                number,
                f"YAML takes #{found['rest'].split()[0]} and what follows for a comment, which "
                f"leaves {kept!r}: put the value between quotes, '{whole}'",
            )
