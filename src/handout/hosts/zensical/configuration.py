"""The configuration that Zensical is given: the author's, with what was woven in its place.

It is changed as a tree of nodes, so that tags which only Zensical can read stay.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import yaml

from handout.hosts.documents import Documents, File, HostError
from handout.hosts.weaving import WovenSite
from handout.math import fonts


def staged(documents: Documents, stage: Path, site: WovenSite) -> str:
    """The configuration of a site, with the woven documents in the place of the author's.

    Args:
        documents: as their author wrote them.
        stage: the folder with what was woven of them, and with the site that is made of that.
        site: that was woven.

    Raises:
        HostError: it has no options by name.
    """
    config, document, root = documents.config, documents.document, documents.root
    toml = config.suffix == ".toml"
    text = json.dumps(document, default=str) if toml else config.read_text("utf-8")  # JSON is YAML
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(top, yaml.MappingNode):
        raise HostError(f"{config}: a mapping of options was expected")
    places = {"$config_dir": str(root), "$docs_dir": str(stage / "docs")}
    _resolve(top, places)
    changed: dict[str, Any] = {
        "docs_dir": (stage / "docs").relative_to(root).as_posix(),
        "site_dir": (stage / "site").relative_to(root).as_posix(),
        "extra_css": [*(document.get("extra_css") or ()), f"{fonts.FOLDER}/handout.css"],
    }
    if "edit_uri" not in document:
        changed["edit_uri"] = _edit_uri(documents)
    scripts = [f"{fonts.FOLDER}/handout.js"]
    if site.live is not None:
        from handout.live.site import FOLDER  # not loaded where nothing is live

        changed["extra_css"].append(f"{FOLDER}/live.css")
        scripts.append(f"{FOLDER}/live.js")
    kept = [(key, value) for key, value in top.value if key.value not in changed]
    top.value = [*kept, *((_string(k), _node(v)) for k, v in changed.items() if v)]
    _sequence(top, "extra_javascript").value += map(_string, scripts)
    ours = {"woven": str(site.folder), "serving": site.serving}
    mathml = documents.project.settings.mathml is True
    if "markdown_extensions" not in document:
        extensions = {**default_extensions(), "handout": ours}
        top.value.append((_string("markdown_extensions"), _node(extensions)))
    else:
        [listed] = [v for k, v in top.value if k.value == "markdown_extensions"]
        _configure(listed, "handout", ours)
        if mathml and "pymdownx.arithmatex" in documents.extensions:
            _configure(listed, "pymdownx.arithmatex", {"generic": True})
    for key, value in kept:
        if key.value == "nav":
            _navigation(value, documents.files, site.plain)
        elif key.value == "theme" and isinstance(value, yaml.MappingNode) and not toml:
            _default(value, "variant", "classic")  # the look of Material
    return str(yaml.serialize(top, allow_unicode=True))


def _edit_uri(documents: Documents) -> str:
    """Where a repository shows the author's file, as MkDocs and Zensical guess it."""
    docs = documents.docs.relative_to(documents.root).as_posix()
    host = urlparse(str(documents.document.get("repo_url") or "")).hostname
    known = {
        "github.com": f"edit/master/{docs}/",
        "gitlab.com": f"edit/master/{docs}/",
        "bitbucket.org": f"src/default/{docs}/",
    }
    return known.get(host or "", "")


def default_extensions() -> dict[str, Any]:
    """Those of Zensical, for a site that names none, in words."""
    from zensical.config import DEFAULT_MARKDOWN_EXTENSIONS

    known: Mapping[str, Any] = DEFAULT_MARKDOWN_EXTENSIONS
    return {
        name: {
            key: f"{value.__module__}.{value.__name__}" if callable(value) else value
            for key, value in options.items()
        }
        for name, options in known.items()
    }


def _resolve(node: yaml.Node, places: Mapping[str, str]) -> None:
    """Write `!relative` paths out, which Zensical does not read."""
    if isinstance(node, yaml.ScalarNode) and node.tag == "!relative":
        start = node.value.partition("/")[0]
        node.value = places.get(start, start) + node.value[len(start) :]
        node.tag = "tag:yaml.org,2002:str"
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _resolve(value, places)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _resolve(key, places)
            _resolve(value, places)


def _navigation(node: yaml.Node, files: Mapping[str, File], plain: Callable[[str], str]) -> None:
    """Let the navigation name the pages that are made of notebooks, and have titles as text."""
    if isinstance(node, yaml.ScalarNode) and node.value in files:
        node.value = files[node.value].woven_uri
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _navigation(value, files, plain)
    elif isinstance(node, yaml.MappingNode):
        for title, value in node.value:
            title.value = plain(title.value)
            _navigation(value, files, plain)


def _configure(listed: yaml.Node, name: str, options: Mapping[str, Any]) -> None:
    """Set options of a Markdown extension, and list it unless it is."""
    if isinstance(listed, yaml.MappingNode):
        _merge(listed, name, options)
        return
    for number, entry in enumerate(listed.value):
        if entry.value == name:
            listed.value[number] = _node({name: options})
            return
        if isinstance(entry, yaml.MappingNode) and entry.value[0][0].value == name:
            _merge(entry, name, options)
            return
    listed.value.append(_node({name: options}))


def _merge(mapping: yaml.MappingNode, name: str, options: Mapping[str, Any]) -> None:
    """Set options within those of a name; others stay."""
    for number, (key, value) in enumerate(mapping.value):
        if key.value == name:
            rest = value.value if isinstance(value, yaml.MappingNode) else []
            ours = _node(options)
            ours.value += [(k, v) for k, v in rest if k.value not in options]
            mapping.value[number] = (key, ours)
            return
    mapping.value.append((_string(name), _node(options)))


def _sequence(mapping: yaml.MappingNode, name: str) -> yaml.SequenceNode:
    """A list of options, empty if it is not there."""
    for key, value in mapping.value:
        if key.value == name and isinstance(value, yaml.SequenceNode):
            return value
    mapping.value = [(key, value) for key, value in mapping.value if key.value != name]
    made = yaml.SequenceNode("tag:yaml.org,2002:seq", [])
    mapping.value.append((_string(name), made))
    return made


def _default(node: yaml.MappingNode, name: str, value: str) -> None:
    """Set an option that the author has not set."""
    if all(key.value != name for key, _ in node.value):
        node.value.append((_string(name), _string(value)))


def _string(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text)


def _node(data: Any) -> Any:
    return yaml.compose(yaml.safe_dump(data), Loader=yaml.SafeLoader)
