r"""Docstrings as part of a page, so that what they show and claim is run and tested like all else.

`[[docstrings:package.module]]` on a line of its own stands for the public classes and functions of
a module, in their order; `[[docstrings:package.module.Name]]` for one of them. mkdocstrings shows
each with its signature, arguments and source. Of its docstring the first paragraph, the examples
and the rest follow as Markdown: the examples are one cell, and after it every formula between `$$`
is a claim, in which the names of the examples may stand. Modules are read, and never imported.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from handout.page.fences import find_fences, read_text

_ASKED = re.compile(
    r"^\[\[docstrings:(?P<name>[\w.]+)\]\][ \t]*(?P<options>(?:\n[ \t]+\S.*)*)$", re.MULTILINE
)
_SECTION = re.compile(
    r"^(?P<name>Args|Returns|Raises|Yields|Attributes|Examples?):\n"
    r"(?P<body>(?:(?:[ \t]+.*)?(?:\n|\Z))+)",
    re.MULTILINE,
)
_DISPLAY = re.compile(r"^\$\$.+?\$\$$", re.DOTALL | re.MULTILINE)
_EXAMPLES = ("Example", "Examples")
#: What mkdocstrings shows of a member, unless it is told otherwise: its name, as a heading.
_HEADED = {
    "show_root_heading": True, "show_root_toc_entry": True, "show_root_full_path": False
}  # fmt: skip
#: What it leaves to the page.
_SHOWN_HERE = ("show_docstring_description", "show_docstring_examples")


class DocstringError(ValueError):
    """A module or a name that is asked for and not there; `line` is that of the page."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class _Member(NamedTuple):
    name: str
    docstring: str


def with_docstrings(text: str, root: Path) -> str:
    """A page's text with the docstrings that it asks for.

    Args:
        text: of a page.
        root: the folder in which modules are found, or in `src` there, where they are looked for
            first.

    Raises:
        DocstringError: a module, or a name in it, is not there.
    """

    def put(found: re.Match[str], line: int) -> str:
        try:
            options = yaml.safe_load(inspect.cleandoc(found["options"]).strip() or "{}")
            return "\n".join(_documented(found["name"], options, [root / "src", root]))
        except (OSError, SyntaxError, LookupError, yaml.YAMLError) as error:
            raise DocstringError(f"{found[0].splitlines()[0]}: {error}", line) from None

    return _requests_replaced(text, put)


def without_requests(text: str) -> str:
    """A page's text without the lines that ask for docstrings; the others stay where they are."""
    return _requests_replaced(text, lambda found, line: "\n" * found[0].count("\n"))


def _requests_replaced(text: str, put: Callable[[re.Match[str], int], str]) -> str:
    """A text with something else for each request and its line; in code there are none."""
    if "[[docstrings:" not in text:
        return text
    code = [range(fence.line_first, fence.line_last + 1) for fence in find_fences(text)]

    def replaced(found: re.Match[str]) -> str:
        line = text.count("\n", 0, found.start()) + 1
        return found[0] if any(line in lines for lines in code) else put(found, line)

    return _ASKED.sub(replaced, text)


def _documented(name: str, given: Mapping[str, Any], folders: Sequence[Path]) -> Iterator[str]:
    """What a dotted name stands for: a class or a function, or the members of a module."""
    options = dict(given.get("options") or {})
    module, _, last = name.rpartition(".")
    if (file := _file(name, folders)) is not None:
        module, wanted = name, options.pop("members", None)
    elif (file := _file(module, folders)) is not None:
        wanted = [last]
    else:
        raise LookupError(f"there is no module {name} below {', '.join(map(str, folders))}")
    members = {member.name: member for member in _public(file)}
    for member in wanted or members:
        if member not in members:
            raise LookupError(f"{module} has no class or function {member!r} with a docstring")
        yield _shown(module, members[member], options)


def _file(module: str, folders: Sequence[Path]) -> Path | None:
    parts = module.split(".")
    for folder in folders:
        place = folder.joinpath(*parts)
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if module and file.is_file():
                return file
    return None


def _public(file: Path) -> Iterator[_Member]:
    for node in ast.parse(read_text(file.read_bytes())).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            docstring = ast.get_docstring(node)
            if docstring is not None:
                yield _Member(node.name, inspect.cleandoc(docstring))


def _shown(module: str, member: _Member, options: Mapping[str, Any]) -> str:
    """One member as Markdown."""
    sections = {found["name"]: found["body"] for found in _SECTION.finditer(member.docstring)}
    examples = "".join(inspect.cleandoc(sections[n]) + "\n" for n in _EXAMPLES if n in sections)
    rich = bool(examples) or "$$" in member.docstring
    options = {**_HEADED, **options, **dict.fromkeys(_SHOWN_HERE if rich else (), False)}
    block = f"::: {module}.{member.name}\n    options: {json.dumps(options)}\n"
    if not rich:
        return block
    summary, _, rest = _SECTION.sub("", member.docstring).strip().partition("\n\n")
    cell = f'```python exec="on" id="{member.name}-example"\n{_code(examples)}```'
    parts = [block, summary, cell if examples else "", _claimed(rest, member.name)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _code(examples: str) -> str:
    """The statements of a doctest, without what they print."""
    import doctest  # with half of unittest and the debugger: most pages need none

    return "".join(example.source for example in doctest.DocTestParser().get_examples(examples))


def _claimed(text: str, name: str) -> str:
    """Markdown in which each formula is a claim: the first by the name, the second `name-2`."""
    count = 0

    def claim(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        number = f"-{count}" if count > 1 else ""
        return f"<!-- claim: {name}{number} -->\n{found[0]}"

    return _DISPLAY.sub(claim, text)
