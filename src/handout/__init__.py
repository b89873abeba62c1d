"""Course handouts whose mathematics is tested at every build."""

__version__ = "0.1.0.dev0"
