"""Timings against other simulators, measured side by side."""

__all__: list[str] = []
