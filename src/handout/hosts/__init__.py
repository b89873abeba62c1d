"""The edges: what MkDocs, pytest and a printer need to know of us."""
