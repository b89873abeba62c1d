"""Collects the verdicts of pages as pytest items."""
