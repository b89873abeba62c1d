"""Takes a project's files to another machine, and runs its pages there as they would run here.

Nobody knows before a page has run what it reads, so all files of the project go along: data,
modules and pages. What is left out is what no page should depend on: hidden files, the cache,
virtual environments, what Python and the site generator have made.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import platform
import re
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from handout import __version__
from handout.page.problems import UserError
from handout.run.cache import engine_digest
from handout.run.digests import in_json
from handout.run.installed import distributions, version
from handout.run.outcomes import Fault, Job
from handout.settings import Project

_MADE = ("__pycache__", "node_modules")
_MOST = 512 << 20  # bytes of all files together
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip file knows


class ShippingError(UserError):
    """A project, or a page, that cannot be taken to another machine; the message says why."""

    code = "H704"


@dataclass(frozen=True)
class Bundle:
    """The files of a project, at one moment."""

    root: str  # where the project is on the machine that it comes from
    packed: float  # when packing began, as `time.time()`
    path: tuple[str, ...]  # folders of the project that Python imports from, relative
    versions: Mapping[str, str]  # of the distributions installed there
    data: bytes  # a zip file


def pack(project: Project) -> Bundle:
    """Pack a project's files.

    Raises:
        ShippingError: if a file cannot be read, or there is too much.
    """
    packed = time.time()
    packing = io.BytesIO()
    total = 0
    with zipfile.ZipFile(packing, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in sorted(files(project)):
            try:
                content = (project.root / name).read_bytes()
            except OSError as error:
                raise ShippingError(f"{name}: cannot be read: {error.strerror}") from error
            total += len(content)
            if total > _MOST:
                raise ShippingError(
                    f"{project.root} holds more than {_MOST >> 20} MB, too much to send to every "
                    "worker; move data that pages do not read out of it, or into a hidden folder"
                )
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    path = tuple(_imported_from(project))
    return Bundle(str(project.root), packed, path, installed(), packing.getvalue())


def installed() -> dict[str, str]:
    """The version of every distribution, by its normalised name."""
    return {_normal(d.name): d.version for d in importlib.metadata.distributions()}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def files(project: Project) -> Iterator[str]:
    """The files to take along, relative to the project, with `/` in their names.

    Links are followed within the project only: what they lead to elsewhere was not meant to leave
    this machine.
    """
    root = os.path.realpath(project.root)
    seen: set[str] = set()  # folders, so that a link to a folder above ends
    for folder, folders, names in os.walk(project.root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen or not _is_below(root, real):
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [f for f in folders if _goes(project, folder, f)]
        for name in names:
            file = Path(folder, name)
            here = file.is_file() and _is_below(root, os.path.realpath(file))
            if here and not name.startswith("."):
                yield file.relative_to(project.root).as_posix()


def _is_below(root: str, path: str) -> bool:
    return os.path.commonpath([root, path]) == root


def _goes(project: Project, parent: str, name: str) -> bool:
    folder = Path(parent, name)
    made = name.startswith(".") or name in _MADE or (folder / "pyvenv.cfg").is_file()
    return not made and folder != project.cache and folder != project.root / "site"


def _imported_from(project: Project) -> Iterator[str]:
    """The folders in which this Python finds modules of the project, as an editable install's."""
    for entry in sys.path:
        folder = Path(entry).absolute()
        if entry and folder.is_relative_to(project.root):
            inside = folder.relative_to(project.root)
            ancestors = [project.root / parent for parent in (inside, *inside.parents)]
            if all(a == project.root or _goes(project, str(a.parent), a.name) for a in ancestors):
                yield inside.as_posix()


def unpack(bundle: Bundle, folder: Path) -> None:
    """Write the files of a bundle below a folder."""
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        archive.extractall(folder)


def run_moved(run: Callable[[Job], str], job: Job, bundle: Bundle, root: Path) -> str:
    """Run a page whose project was unpacked in `root`; its outcome as if it had run at home."""
    text = run(moved(job, bundle, root))
    text = text.replace(in_json(str(root)), in_json(bundle.root))
    outcome = {**json.loads(text), "since": bundle.packed}
    reads = outcome["reads"]
    if reads is not None:
        differ = _other_versions(reads["modules"], bundle)
        if differ:
            why = f"the worker has other versions of what the page imports: {differ}"
            outcome |= {"cells": [], "reads": None, "fault": Fault(0, why)._asdict()}
        elif not all(Path(file).is_relative_to(bundle.root) for file in reads["files"]):
            reads["reasons"].append("it read files of another machine")
    return json.dumps(outcome)


def _other_versions(modules: Sequence[str], bundle: Bundle) -> str:
    pairs = (
        (name, version(name), bundle.versions.get(_normal(name))) for name in distributions(modules)
    )
    return ", ".join(f"{name} {here}, not {there}" for name, here, there in pairs if here != there)


def moved(job: Job, bundle: Bundle, root: Path) -> Job:
    """The job of running a page, with the folders of the project where they are here.

    Raises:
        ShippingError: if the page is not in the project.
    """
    return {
        **job,
        "folder": str(root / inside(job["folder"], bundle.root, job["page"])),
        "root": str(root),
        "ignored": [],
        "path": [str(root / entry) for entry in bundle.path],
    }


def inside(folder: str, root: str, page: str) -> Path:
    """A page's folder relative to its project.

    Raises:
        ShippingError: if the page is not in the project.
    """
    if not Path(folder).is_relative_to(root):
        raise ShippingError(f"{page}: is not in {root}, and only that goes to other machines")
    return Path(folder).relative_to(root)


def versions() -> dict[str, str | None]:
    """What must be alike on two machines for a page to have the same outcome, bit for bit."""
    return {
        "handout": __version__,
        "handout's engine": engine_digest(),
        "Python": platform.python_version(),
        "NumPy": version("numpy"),
        "processor": platform.machine(),
    }
