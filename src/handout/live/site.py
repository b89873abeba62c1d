"""The live part of a built site: its files, put there from the project's cache and from ours."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from handout.live import bytecode, editors, runtime
from handout.live.bundle import bundle
from handout.live.compiling import LIBRARY, MODULES
from handout.live.packages import LOCK_FILE, needed, providers, read_lock
from handout.settings import Project

#: What stands by on every page, and what is loaded at first use.
ASSETS = ("live.css", "live.js", "worker.js", "fields.js", "point.js", "training.js")
FOLDER = "assets/handout/live"
#: At the root of the site, because a service worker answers for what stands below it.
OFFLINE = "handout-offline.js"
_OURS = ("pyodide-*", "edf-*")  # folders and files whose names follow from their content


class LiveSite:
    """The runtime and the modules of one build.

    Args:
        cache: the project's cache, in which `handout live fetch` has put the runtime.
        packages: those beyond NumPy that pages may import.
    """

    def __init__(self, cache: Path, packages: Sequence[str] = ()) -> None:
        self.cache = cache
        self.home = runtime.folder(cache)
        self.editors = editors.folder(cache)
        self.packages = packages

    @property
    def missing(self) -> str:
        """What to do where the runtime or a package is not there; empty where all is."""
        try:
            absent = runtime.missing(self.home, self.packages)
        except runtime.FilesError as error:
            return str(error)
        if not absent:
            return ""
        beyond = not runtime.missing(self.home)
        what = f"{absent[0]}, for live_packages," if beyond else "the runtime"
        return (
            f"no page can be changed by its readers: {what} is not there. "
            "Get it once with: handout live fetch"
        )

    @cached_property
    def _bytecode(self) -> Path:
        return bytecode.folder(self.cache, bundle())

    @cached_property
    def modules(self) -> tuple[str, bytes]:
        """Name and content of the archive of modules, as it is served."""
        compiled = self._bytecode / f"{MODULES}.gz"
        data = compiled.read_bytes() if compiled.exists() else gzip.compress(bundle(), 9, mtime=0)
        return f"edf-{hashlib.sha256(data).hexdigest()[:16]}.zip", data

    @cached_property
    def served(self) -> dict[str, Path]:
        """The files of the runtime by their names in the site, but for its lock."""
        compiled = self._bytecode / f"{LIBRARY}.gz"
        packed = {name: runtime.packed(self.home, name) for name in (runtime.WASM, runtime.GLUE)}
        packed[LIBRARY] = compiled if compiled.exists() else runtime.packed(self.home, LIBRARY)
        plain = [name for name in runtime.FILES if name not in packed]
        plain += [entry["file_name"] for entry in self._entries(self.packages)]
        return {f"{name}.gz": file for name, file in packed.items()} | {
            name: self.home / name for name in plain
        }

    @cached_property
    def lock(self) -> str:
        """What the runtime reads to find its packages."""
        return json.dumps(runtime.lock(self.home, self.packages), sort_keys=True)

    @cached_property
    def runtime(self) -> str:
        """The folder of the runtime, whose name follows from what is in it."""
        library = self.served[f"{LIBRARY}.gz"].read_bytes()
        made = hashlib.sha256(self.lock.encode() + library).hexdigest()
        return f"pyodide-{runtime.VERSION}-{made[:8]}/"

    @cached_property
    def provides(self) -> Mapping[str, str]:
        """The packages beyond NumPy that pages may import, by their modules."""
        return providers(needed(read_lock(self.home), self.packages))

    def _entries(self, packages: Iterable[str]) -> Iterable[Mapping[str, Any]]:
        return needed(read_lock(self.home), packages).values()

    def described(self, packages: Iterable[str]) -> dict[str, Any]:
        """What a page must know of the files that it loads."""
        name, data = self.modules
        others = {entry["file_name"] for entry in self._entries(self.packages)}
        wanted = {entry["file_name"] for entry in self._entries(packages)}
        loaded = [file for name, file in self.served.items() if name not in others - wanted]
        found = f"{self.editors.name}/" if editors.present(self.editors) else ""
        return {
            "runtime": self.runtime,
            "bundle": name,
            "total": len(data) + sum(file.stat().st_size for file in loaded),
            "editors": found,
        }

    def write(self, site: Path) -> None:
        """Put all files into a built site."""
        folder = site / FOLDER
        name, data = self.modules
        for pattern in _OURS:
            for old in folder.glob(pattern):
                if old.name not in (self.runtime.rstrip("/"), f"{name}.gz"):
                    shutil.rmtree(old) if old.is_dir() else old.unlink()
        (folder / self.runtime).mkdir(parents=True, exist_ok=True)
        for place, file in self.served.items():
            if not (folder / self.runtime / place).exists():
                shutil.copyfile(file, folder / self.runtime / place)
        (folder / self.runtime / LOCK_FILE).write_text(self.lock, "utf-8")
        (folder / f"{name}.gz").write_bytes(data)
        if editors.present(self.editors):
            shutil.copytree(self.editors, folder / self.editors.name, dirs_exist_ok=True)
        assets = files("handout.live").joinpath("assets")
        for asset in ASSETS:
            (folder / asset).write_bytes(assets.joinpath(asset).read_bytes())
        (site / OFFLINE).write_bytes(assets.joinpath("offline.js").read_bytes())


def live_site(project: Project) -> tuple[LiveSite | None, str]:
    """What makes a project's pages answer, if that is asked for and can be; else a note, if any."""
    if not project.settings.live:
        return None, ""
    live = LiveSite(project.cache, project.settings.live_packages)
    return (None, live.missing) if live.missing else (live, "")
