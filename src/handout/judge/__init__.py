"""Outcomes and expectations to verdicts."""
