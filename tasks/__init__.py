"""Data and scores of tasks; no model code."""

__all__: list[str] = []
