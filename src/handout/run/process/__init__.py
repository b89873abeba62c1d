"""The process of one page: how it is started, limited and followed, and what runs in it."""
