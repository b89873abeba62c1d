"""Course handouts whose mathematics is tested at every build."""

__version__: str


def __getattr__(name: str) -> str:
    if name == "__version__":  # looked up when it is asked for: it takes as long as the rest
        from importlib.metadata import version

        return version("mkdocs-handout")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
