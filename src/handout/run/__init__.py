"""Pages to outcomes: the process of a page, its limits, the cache, other executors."""
