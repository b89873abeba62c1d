"""Both sides compared: the verdict, what the test would notice, and what would mend a step."""
