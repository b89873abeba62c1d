"""What makes a page answer: Python in the reader's browser, and the page's own cells in it."""
