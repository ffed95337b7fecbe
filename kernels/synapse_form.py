"""How the statements of a synapse model are laid out; chosen for each network, the result is the same."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["SynapseForm"]


class SynapseForm(NamedTuple):
    """How a synapse model is laid out.

    Attributes
    ----------
    constant : tuple of str
        Variables that no statement changes and whose value is the same in every synapse of a kind.
    direct : tuple of str
        Variables of the target that are added to at once, not by way of a sum.
    traces : bool
        Event-driven variables that belong to one of the two neurons are kept per neuron.
    mixed : bool
        The kind is looked up synapse by synapse; else a class of delay has one kind.
    drawn : bool
        Nothing is stored: the row of a spike's targets is drawn anew (`compiled_rows`).
    ahead : bool
        The rows of a spike are listed when its first one is due, by the step in which each is (`synapse_delivery`).
    """

    constant: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    traces: bool = False
    mixed: bool = False
    drawn: bool = False
    ahead: bool = False
