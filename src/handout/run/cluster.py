"""Pages on the machines of a Dask cluster: `handout check --executor dask://HOST:PORT`.

The scheduler gives a page to another worker when the one that had it is lost. Workers that join
later get the project's files as well.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import re
import shutil
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, cast

import distributed

from handout.page.problems import UserError
from handout.run.outcomes import Job
from handout.run.page_server import page_server
from handout.run.shipping import Bundle, inside, pack, run_moved, unpack, versions
from handout.settings import Project

_ADDRESS = re.compile(r"dask(\+tls)?://([\w.-]+):(\d{1,5})")
_PATIENCE = 10  # seconds for the scheduler to answer
_HANDSHAKE = 30  # seconds for it to check certificates and tell of its workers


class ClusterError(UserError):
    """A cluster that cannot be used; the message says why, and the remedy."""

    code = "H704"


@contextlib.contextmanager
def cluster(address: str, project: Project, warn: Callable[[str], None]) -> Iterator[Executor]:
    """An executor on a running cluster, to which the project's files were sent.

    Args:
        address: of the scheduler, as in `dask://127.0.0.1:8786`, or `dask+tls://` if the cluster
            wants certificates, which stand in Dask's own configuration.
        project: whose pages are to run.
        warn: called with what does not stop the pages: that strangers may use the cluster, too.

    Raises:
        ClusterError: if the address is wrong, nobody answers, or a worker does not fit.
        ShippingError: if the project's files cannot be sent.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise ClusterError(
            f"{address!r} is no address of a cluster; write dask://HOST:PORT or dask+tls://HOST:PORT"
        )
    bundle = pack(project)
    with _connected(found[2], int(found[3]), encrypted=bool(found[1])) as client:
        files = _ProjectFiles(bundle)
        _send(client, files)
        try:
            if not found[1]:
                _tell_exposed([f"tcp://{found[2]}:{found[3]}", *_listening(client)], warn)
            yield _OnCluster(client, files.name, bundle)
        finally:
            with contextlib.suppress(Exception):  # the cluster may be gone
                client.unregister_worker_plugin(files.name)


def is_exposed(address: str) -> bool:
    """Whether a place that asks for no certificate can be reached from other machines."""
    host = address.rpartition("://")[2].rpartition(":")[0].strip("[]")
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return host != "localhost"


def _tell_exposed(listening: Iterable[str], warn: Callable[[str], None]) -> None:
    if exposed := [place for place in listening if is_exposed(place)]:
        warn(
            f"anyone who can reach {', '.join(exposed)} can run code there: start scheduler and "
            "workers with `--host 127.0.0.1`, or with certificates [H704]"
        )


def _listening(client: distributed.Client) -> Iterator[str]:
    for addresses in client.run(_listens_at).values():
        yield from addresses


def _listens_at(dask_worker: Any = None) -> list[str]:
    """The addresses that a worker listens at, which is not only the one that it is known by."""
    return [listener.listen_address for listener in dask_worker.listeners]


@contextlib.contextmanager
def _connected(host: str, port: int, encrypted: bool) -> Iterator[distributed.Client]:
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors are ours to tell
    try:
        with socket.create_connection((host, port), _PATIENCE) as trial:  # Dask tries for ever
            if not encrypted and not trial.recv(1):  # a scheduler without certificates speaks first
                raise OSError
        security = _certificates() if encrypted else None
        client = distributed.Client(
            f"{'tls' if encrypted else 'tcp'}://{host}:{port}",
            security=security,
            timeout=_HANDSHAKE,
            set_as_default=False,
            name="handout",
        )
    except (TypeError, ValueError, FileNotFoundError) as error:
        raise ClusterError(
            f"no certificates for {host}:{port} ({error}); name them in Dask's configuration, "
            "under distributed.comm.tls"
        ) from error
    except (OSError, OverflowError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {host}:{port}; start one with `dask scheduler --host "
            "127.0.0.1`, or write dask+tls:// if it asks for certificates"
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=_PATIENCE)


def _certificates() -> distributed.Security:
    """Those of Dask's configuration.

    Raises:
        ValueError: if it names none; a client without any would be noticed late, and badly.
    """
    security = distributed.Security()
    if security.get_connection_args("client")["ssl_context"] is None:
        raise ValueError("none are configured")
    return security


def _send(client: distributed.Client, files: _ProjectFiles) -> None:
    """Send the project's files to every worker; make sure that each is fit to run its pages."""
    if not client.scheduler_info(n_workers=-1)["workers"]:
        raise ClusterError(
            "the cluster has no workers; start some with `dask worker --host 127.0.0.1 ADDRESS`"
        )
    try:
        client.register_plugin(files)
        unfit = client.run(_unfit, files.name)
    except Exception as error:
        raise ClusterError(
            f"a worker cannot load handout ({error}); install the same version on every worker"
        ) from error
    for worker, why in unfit.items():
        if why is not None:
            raise ClusterError(f"the worker {worker} does not fit: {why}")


class _ProjectFiles(distributed.WorkerPlugin):
    """Keeps a project's files on a worker, while the project's pages run."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.name = f"handout-{uuid.uuid4().hex}"  # of this run: others may use the same files
        self.versions = versions()
        self.unfit: str | None = None
        self.root = Path()

    def setup(self, worker: Any) -> None:
        """Unpack, and begin to load what pages need."""
        page_server().start()
        self.root = Path(worker.local_directory, self.name).resolve()
        self.unfit = _differences(self.versions, versions())
        try:
            unpack(self.bundle, self.root)
        except OSError as error:
            self.unfit = f"the project's files cannot be written: {error}"

    def teardown(self, worker: Any) -> None:
        """Remove the files."""
        shutil.rmtree(self.root, ignore_errors=True)


def _differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> str | None:
    differ = [f"{k} {here[k]} is not {there[k]}" for k in here if there.get(k) != here[k]]
    return ", ".join(differ) or None


def _unfit(name: str, dask_worker: Any = None) -> str | None:
    """Why a worker must not run pages; None if nothing is wrong."""
    files: _ProjectFiles = dask_worker.plugins[name]
    return files.unfit


class _OnCluster(Executor):
    """Runs pages' jobs on the cluster."""

    def __init__(self, client: distributed.Client, name: str, bundle: Bundle) -> None:
        self._executor = client.get_executor(pure=False)
        self._name, self._bundle = name, bundle

    def submit(  # type: ignore[override]  # it takes pages' jobs only
        self, run: Callable[[Job], str], job: Job, /
    ) -> Future[str]:
        """Start running a page's job.

        Raises:
            ShippingError: if the page is not in the project.
        """
        inside(job["folder"], self._bundle.root, job["page"])
        future: Future[str] = self._executor.submit(_run_there, run, job, self._name)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the pages go that have not run."""
        self._executor.shutdown(wait=wait and not cancel_futures)


def _run_there(run: Callable[[Job], str], job: Job, name: str) -> str:
    """On a worker: run a page."""
    files = cast(_ProjectFiles, distributed.get_worker().plugins[name])
    if files.unfit is not None:
        raise RuntimeError(f"a worker that joined later does not fit: {files.unfit}")
    return run_moved(run, job, files.bundle, files.root)
