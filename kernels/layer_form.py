"""What the generated code of a layer of cells depends on, besides the model."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["EVENT", "SENT", "LayerForm", "SurrogateForm"]

EVENT, SENT = "_event", "_sent"  # input and output of a layer of synapses


class SurrogateForm(NamedTuple):
    """Kind, texts of the derivative and the primitive of a custom one, names of the parameters.

    Kind '' is for what decides nothing by a surrogate: conditions have no derivative.
    """

    kind: str
    derivative: str = ""
    primitive: str = ""
    names: tuple[str, ...] = ()


class LayerForm(NamedTuple):
    """What a layer's kernel depends on besides the model.

    Attributes
    ----------
    inputs : tuple of str
        What the channels of x go to: input variables, or state variables as a projection's target.
    scales : tuple of float
        SI value of the unit of each channel.
    output : str
        '' for spikes, else a state variable, or a name that the update assigns.
    output_scale : float
        SI value of the unit of the output.
    vectors : tuple of str
        Parameters with a value per neuron.
    learned : tuple of str
        Parameters with a gradient.
    through : tuple of str
        Variables whose reset passes gradients to the spike.
    counted : bool
        Whether there is a refractory period of more than one step.
    smooth : bool
        The primitive of the surrogate in place of the step.
    surrogate : SurrogateForm
    recurrent : int
        Number of cells that send their spikes to each other with dense weights, onto the first channel; 0: none do.
    delayed : str
        Such spikes take a time of their own for each of the "cells" that send, or of the "pairs" of cells; '': a step.
    """

    inputs: tuple[str, ...]
    scales: tuple[float, ...]
    output: str
    output_scale: float
    vectors: tuple[str, ...]
    learned: tuple[str, ...]
    through: tuple[str, ...]
    counted: bool
    smooth: bool
    surrogate: SurrogateForm
    recurrent: int = 0
    delayed: str = ""
