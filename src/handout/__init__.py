"""Course handouts whose mathematics is tested at every build."""

from typing import Any

__version__: str


def __getattr__(name: str) -> str:
    if name == "__version__":  # looked up when it is asked for: it takes as long as the rest
        from handout.run.installed import version

        return version("mkdocs-handout") or ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Add `%%claim` to a notebook: `%load_ext handout`."""
    from importlib import import_module

    import_module("handout.hosts.jupyter").register(shell)  # the package knows no host


def makeExtension(**options: Any) -> Any:
    """The Markdown extension of a site: `markdown_extensions: [handout]`."""
    from importlib import import_module

    return import_module("handout.weave.extension").HandoutExtension(**options)
