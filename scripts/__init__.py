"""Experiments and demonstrations, one topic each."""

__all__: list[str] = []
