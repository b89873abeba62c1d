"""Verdicts for other readers: terminal, JUnit, annotations in CI."""
