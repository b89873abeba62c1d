"""The live part of a built site: its files, put there from the project's cache and from ours."""

from __future__ import annotations

import shutil
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from handout.live import editors, runtime
from handout.live.bundle import bundle
from handout.settings import Project

#: What stands by on every page, and what is loaded at first use.
ASSETS = ("live.css", "live.js", "worker.js", "fields.js", "point.js", "training.js")
FOLDER = "assets/handout/live"
#: At the root of the site, because a service worker answers for what stands below it.
OFFLINE = "handout-offline.js"


class LiveSite:
    """The runtime and the modules of one build.

    Args:
        cache: the project's cache, in which `handout live fetch` has put the runtime.
    """

    def __init__(self, cache: Path) -> None:
        self.home = runtime.folder(cache)
        self.editors = editors.folder(cache)

    @property
    def missing(self) -> str:
        """What to do where the runtime is not there; empty where it is."""
        if not runtime.missing(self.home):
            return ""
        return (
            "no page can be changed by its readers: the runtime is not there. "
            "Get it once with: handout live fetch"
        )

    @cached_property
    def modules(self) -> tuple[str, bytes]:
        """Name and content of the archive of modules."""
        return bundle()

    @cached_property
    def described(self) -> dict[str, Any]:
        """What a page must know of the files."""
        name, data = self.modules
        served = [runtime.as_served(self.home, file) for file in runtime.FILES]
        total = len(data) + sum(file.stat().st_size for file in served)
        found = f"{self.editors.name}/" if editors.present(self.editors) else ""
        return {
            "runtime": f"pyodide-{runtime.VERSION}/",
            "bundle": name,
            "total": total,
            "editors": found,
        }

    def write(self, site: Path) -> None:
        """Put all files into a built site."""
        folder = site / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        runtime.install(self.home, folder / f"pyodide-{runtime.VERSION}")
        if editors.present(self.editors):
            shutil.copytree(self.editors, folder / self.editors.name, dirs_exist_ok=True)
        name, data = self.modules
        for old in folder.glob("edf-*.zip"):
            if old.name != name:
                old.unlink()
        (folder / name).write_bytes(data)
        assets = files("handout.live").joinpath("assets")
        for asset in ASSETS:
            (folder / asset).write_bytes(assets.joinpath(asset).read_bytes())
        (site / OFFLINE).write_bytes(assets.joinpath("offline.js").read_bytes())


def live_site(project: Project) -> tuple[LiveSite | None, str]:
    """What makes a project's pages answer, if that is asked for and can be; else a note, if any."""
    if not project.settings.live:
        return None, ""
    live = LiveSite(project.cache)
    return (None, live.missing) if live.missing else (live, "")
