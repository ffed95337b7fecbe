"""Export to neuromorphic hardware, with the limits of each target."""

__all__: list[str] = []
