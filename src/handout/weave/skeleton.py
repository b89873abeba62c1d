"""The formulas of a page's Markdown, as its host will find them, at a fraction of the cost.

Whoever weaves a page must know its formulas before it is rendered, and where Markdown sees one is a
matter of lists, tables, code and HTML around it. So the page goes through Python-Markdown itself,
with the extensions of its site that shape blocks and with the few inline patterns that decide
what a formula is. No code is highlighted, and no emphasis or link is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor
from markdown.util import Registry

from handout.page.fences import find_fences

#: Extensions that shape blocks; a name that ends in a dot is that of a family.
_SHAPING = (
    "abbr", "admonition", "attr_list", "def_list", "footnotes", "md_in_html", "nl2br", "sane_lists",
    "tables", "pymdownx.arithmatex", "pymdownx.blocks.", "pymdownx.details", "pymdownx.fancylists",
    "pymdownx.quotes", "pymdownx.saneheaders", "pymdownx.tabbed",
)  # fmt: skip
#: What these stand for, of that.
_COLLECTIONS = {
    "extra": ("abbr", "attr_list", "def_list", "footnotes", "md_in_html", "tables"),
    "pymdownx.extra": ("abbr", "attr_list", "def_list", "footnotes", "md_in_html", "tables"),
}
_ARITHMATEX = "pymdownx.arithmatex"
#: What is kept of the processors of Markdown, with the priorities that they have there.
_PATTERNS = {"backtick": 190, "arithmatex-inline": 189.9, "image_link": 150, "html": 90}
_TREE = {"footnote": 50, "inline": 20}
_AFTER = {"raw_html": 30}


def skeletons(extensions: Mapping[str, Any]) -> Callable[[str], str]:
    """A function that makes of a text HTML with the same formulas, at the same places in words.

    Args:
        extensions: those of the site, with their options.
    """
    named: dict[str, Any] = {}
    for name, options in extensions.items():
        short = name.removeprefix("markdown.extensions.")
        for member in _COLLECTIONS.get(short, (short,)):
            if any(member.startswith(s) if s.endswith(".") else member == s for s in _SHAPING):
                named.setdefault(member, options or {})
    if _ARITHMATEX in named:
        named[_ARITHMATEX] = {**named[_ARITHMATEX], "generic": True}
    markdown = Markdown(extensions=[*named, _WithoutFences()], extension_configs=named)
    markdown.inlinePatterns = _kept(markdown.inlinePatterns, _PATTERNS)
    markdown.treeprocessors = _kept(markdown.treeprocessors, _TREE)
    inline: Any = markdown.treeprocessors["inline"]
    inline.inlinePatterns = markdown.inlinePatterns
    markdown.postprocessors = _kept(markdown.postprocessors, _AFTER)
    return lambda text: markdown.reset().convert(text)


def _kept(registry: Registry[Any], wanted: Mapping[str, float]) -> Registry[Any]:
    kept: Registry[Any] = Registry()
    for name, priority in wanted.items():
        if name in registry:
            kept.register(registry[name], name, priority)
    return kept


class _WithoutFences(Extension):
    """Takes fenced code away, when SuperFences would."""

    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(_Fences(md), "handout-fences", 25)


class _Fences(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        kept: list[str] = []
        end = 0
        for fence in find_fences("\n".join(lines)):
            place = self.md.htmlStash.store("<pre></pre>")
            kept += [*lines[end : fence.line_first - 1], f"{fence.prefix}{place}"]
            end = fence.line_last
        return kept + lines[end:]
