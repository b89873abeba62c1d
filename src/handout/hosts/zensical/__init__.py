"""Zensical as a host of the site; `host` builds and serves it."""
