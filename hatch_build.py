"""What the package says of itself on an index: the addresses of its repository and its README.

An index shows the README far from the files that it links to. So every relative link gets the
address that the file has in the repository, at the version that is built. `REPO_URL` names the
repository, as it does for the site (`mkdocs.yml`); the release workflow sets it. A build that does
not know it leaves such links out, and keeps their text.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^]]+)\]\((?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"^(`{3,}).*?^\1$", re.DOTALL | re.MULTILINE)


class Addresses(MetadataHookInterface):
    """Fills in `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add both, for the version that hatch-vcs has found."""
        repository = os.environ.get("REPO_URL", "").removesuffix("/").removesuffix(".git")
        text = Path(self.root, "README.md").read_text("utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": with_addresses(text, repository, f"v{metadata['version']}"),
        }
        metadata["urls"] = urls(repository)


def urls(repository: str) -> dict[str, str]:
    """The links beside the README; none if the repository is not known."""
    if not repository:
        return {}
    links = {
        "Repository": repository,
        "Changelog": f"{repository}/blob/HEAD/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }
    site = os.environ.get("SITE_URL")
    return {"Documentation": site, **links} if site else links


def with_addresses(readme: str, repository: str, tag: str) -> str:
    """A README whose relative links lead to a repository's files at a tag; fences are kept."""

    def with_address(found: re.Match[str]) -> str:
        image, text, target = found.group("image", "text", "target")
        if "://" in target or target.startswith(("#", "mailto:")):
            return found[0]
        if not repository:
            return text
        return f"{image}[{text}]({repository}/{'raw' if image else 'blob'}/{tag}/{target})"

    parts: list[str] = []
    end = 0
    for fence in _FENCE.finditer(readme):
        parts += [_LINK.sub(with_address, readme[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, _LINK.sub(with_address, readme[end:])])
