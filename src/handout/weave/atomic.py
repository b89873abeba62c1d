"""A Markdown extension that keeps tokens as they are (see `handout.weave.inject`).

Python-Markdown would search each of them for links, for emphasis, and for all its other inline
patterns, which takes longer than asking the cache for what belongs in its place.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement

from markdown import Extension, Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.util import AtomicString

from handout.weave.inject import TOKEN


class AtomicTokens(Extension):
    """Makes a paragraph of a token without looking into it."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Ask before the processors of lists, quotes and paragraphs, after that of indentation."""
        md.parser.blockprocessors.register(_TokenProcessor(md.parser), "handout-tokens", 85)


class _TokenProcessor(BlockProcessor):
    _whole = re.compile(TOKEN)

    def test(self, parent: Element, block: str) -> bool:
        return block.startswith("handout-") and self._whole.fullmatch(block) is not None

    def run(self, parent: Element, blocks: list[str]) -> None:
        SubElement(parent, "p").text = AtomicString(blocks.pop(0))
