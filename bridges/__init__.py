"""To and from other simulators."""

__all__: list[str] = []
