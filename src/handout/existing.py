"""A site that is there already becomes a tested handout: a line or two more in its configuration.

They are put into the text, so that comments, anchors and tags of the file stay as they are. The
plugin is what tests; the Markdown extension of the same name fails the build of a host that does
not know the plugin. All else that would help is advice, for the author to take.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from handout.page.pages import shown_path
from handout.page.problems import UserError
from handout.project_file import find_config
from handout.settings import Configuration, SettingsError, read_configuration


class InitError(UserError):
    """A folder whose site cannot be given the plugin; the message says why, and what to do."""

    code = "H702"


class Initialised(NamedTuple):
    """What was done, and what else to do."""

    config: Path
    added: bool  # False if the plugin was there
    advice: list[str]


def initialise(folder: Path) -> Initialised:
    """Add the plugin to the configuration of the site in a folder.

    Raises:
        InitError: there is no configuration, or it cannot be read, changed or written.
    """
    config = find_config(folder.absolute())
    if config is None or config.parent != folder.absolute():
        raise InitError(
            f"{folder}: no mkdocs.yml is here. `handout new DIR` starts a handout of its own"
        )
    try:
        before = read_configuration(config)
        if config.suffix == ".toml" and "handout" not in before.plugins:
            raise InitError(f"{shown_path(config)}: add the line [project.plugins.handout] to it")
        added = "handout" not in before.plugins
        text = changed = config.read_bytes().decode("utf-8")
        if added:
            changed = with_plugin(changed)
        if "handout" not in before.extensions and config.suffix != ".toml":
            changed = with_extension(changed)
        if changed != text or added:
            config.write_bytes(changed.encode())
            _check(config, text, before)
        return Initialised(config, added, list(_advice(before, config.parent)))
    except SettingsError as error:
        raise InitError(error.plain) from None
    except OSError as error:
        raise InitError(f"{shown_path(config)}: {error.strerror}") from None


def _check(config: Path, text: str, before: Configuration) -> None:
    """Take the change back unless it gave the plugin and changed nothing else."""
    try:
        after = read_configuration(config)
        lists = {"plugins": None, "markdown_extensions": None}
        fine = {**after.document, **lists} == {**before.document, **lists}
        listed = before.plugins if "plugins" in before.document else {"search": None}
        fine = fine and "handout" in after.plugins
        fine = fine and _without(after.plugins) == _without(listed)
        fine = fine and _without(after.extensions) == _without(before.extensions)
    except SettingsError:
        fine = False
    if not fine:
        config.write_bytes(text.encode())
        raise InitError(
            f"{shown_path(config)}: its lists of plugins and of extensions are written in a way "
            "that cannot be added to safely; nothing was changed. Add `- handout` to it by hand"
        )


def _without(listed: Mapping[str, object]) -> dict[str, object]:
    return {name: options for name, options in listed.items() if name != "handout"}


def with_plugin(text: str) -> str:
    """A configuration with `handout` among its plugins.

    A site that lists no plugins has the search alone; listed plugins are all that it has.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if text.endswith("\n") or not text else end
    section = f"{gap}{end}plugins:{end}  - search{end}  - handout{end}"
    return _with_entry(text, "plugins", section)


def with_extension(text: str) -> str:
    """A configuration with `handout` among the extensions of Markdown, if it lists any."""
    return _with_entry(text, "markdown_extensions", "")


def _with_entry(text: str, name: str, section: str) -> str:
    """A configuration with `handout` in one of its lists; `section` is added where it has none."""
    end = "\r\n" if "\r\n" in text else "\n"
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    found = [
        value
        for key, value in (document.value if isinstance(document, yaml.MappingNode) else ())
        if key.value == name
    ]
    if not found:
        return text + section
    [listed] = found
    mapping = isinstance(listed, yaml.MappingNode)
    entry = "handout: {}" if mapping else "handout"
    if not isinstance(listed, yaml.CollectionNode):
        return text  # which `initialise` takes for what it is
    if listed.flow_style or not listed.value:
        at = listed.end_mark.index - 1
        return f"{text[:at]}{', ' * bool(listed.value)}{entry}{text[at:]}"
    items = [key for key, _ in listed.value] if mapping else listed.value
    search = [item for item in items if item.value == "search" and not mapping]
    beside = search[0] if search else items[0]
    lines = text.splitlines(keepends=True)
    number = beside.start_mark.line
    indent = re.match(r"\s*(?:- *)?", lines[number])
    if indent is None or len(indent[0]) != beside.start_mark.column:
        return text
    after = bool(search)
    if after and not lines[number].endswith("\n"):
        lines[number] += end
    lines.insert(number + after, f"{indent[0]}{entry}{end}")
    return "".join(lines)


_MACROS = re.compile(r"\bmacros[\"']?\s*:")  # of MathJax and of KaTeX


def _advice(site: Configuration, folder: Path) -> Iterator[str]:
    """What else would help, a sentence each."""
    if not site.extensions:
        yield (
            "list `handout` under `markdown_extensions`, too: it fails the build of a program that "
            "does not know the plugin, such as Zensical"
        )
    arithmatex = site.extensions.get("pymdownx.arithmatex", ...)
    if arithmatex is ...:
        yield (
            "formulas between dollars are not set yet: list `pymdownx.arithmatex: {generic: true}` "
            "under `markdown_extensions`"
        )
    scripts = [str(script) for script in site.document.get("extra_javascript") or ()]
    if setters := [name for name in scripts if re.search("mathjax|katex", name, re.IGNORECASE)]:
        yield (
            "formulas are set as MathML when the site is built, so readers need not load "
            f"{', '.join(setters)}; to keep them for all formulas but claims, set `mathml: claims`"
        )
    docs = folder / str(site.document.get("docs_dir") or "docs")
    if own := [name for name in scripts if any(map(_MACROS.search, _lines(docs / name)))]:
        yield f"repeat the macros of {', '.join(own)} in the option `macros`, which claims read"
    notebooks = any(docs.rglob("*.ipynb"))
    jupyter = site.plugins.get("mkdocs-jupyter", ...)
    if notebooks and jupyter is ...:
        yield (
            "notebooks are pages, and are run: `pip install 'mkdocs-handout[notebook]'`; list "
            "those that are none under `exclude_docs`"
        )
    elif isinstance(jupyter, dict) and jupyter.get("execute"):
        yield "set `execute: false` for mkdocs-jupyter: handout runs the notebooks, and judges them"
    if "markdown-exec" in site.plugins:
        yield (
            'markdown-exec takes `exec=` for its own: its fences say `exec="true"`, those of '
            'handout `exec="on"`'
        )
    if not any(".cache" in line for line in _lines(folder / ".gitignore")):
        yield "list `.cache/` in `.gitignore`: what the pages gave is kept there"
    names = [n for n in ("requirements.txt", "docs/requirements.txt") if (folder / n).is_file()]
    if names and not any("mkdocs-handout" in line for n in names for line in _lines(folder / n)):
        yield f"list `mkdocs-handout` in {names[0]}, so that it is there in CI, too"


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
