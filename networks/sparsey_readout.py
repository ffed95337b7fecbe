"""Which class a Sparsey code belongs to: a field of class units learned by the Hebb rule, or the nearest stored code.

**Class field.** C units, one per class, hear all cells of some macs. A labelled code adds to the synapses from its
winners to the unit of its class; the answer is the unit with the largest support, the sum over winners j of

- ``rule="once"``: w(j, c) = 1 once j was a winner in class c (the rule of Sparsey's other synapses; it saturates when
  each cell has won in each class);
- ``rule="counts"``: log((n(j, c) + 1) / (n(c) + K)), where n(j, c) counts how often, and n(c) labelled codes of the
  class: the same events counted, read by Bayes' rule as if winners were independent.

Silent macs say nothing. Equal supports are decided for the lower class.

**Nearest code.** `nearest_code` gives for each code the stored one with the most equal winners; its time grows with
what is stored.

>>> codes = np.array([[[0, 1]], [[0, 2]], [[3, 1]]])                    # three codes of one mac, Q = 2
>>> field = SparseyReadout(classes=2, macs=1, modules=2, cells=4, rule="once")
>>> field.learn(codes, [0, 0, 1])
>>> field.support(np.array([[[0, 1]]])).tolist()                        # the second winner is known in both classes
[[2.0, 1.0]]
>>> nearest_code(np.array([[[3, 2]]]), codes).tolist()
[1]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .memory import check_choice, check_count

__all__ = ["SparseyReadout", "nearest_code"]


class SparseyReadout:
    """A field of class units over the cells of some macs.

    Parameters
    ----------
    classes : int
        C.
    macs, modules, cells : int
        Shape of the codes that are read: M, the largest Q and the largest K.
    rule : str
        ``"once"`` or ``"counts"``.

    Attributes
    ----------
    counts : ndarray
        int32 [M, Q, K, C]: how often each cell won in each class.
    of_class : ndarray
        int64 [M, C]: codes of each class for which a mac was active.

    Raises
    ------
    ValueError, TypeError
        A value out of range.
    """

    def __init__(self, classes: int, macs: int, modules: int, cells: int, rule: str = "once") -> None:
        self.classes = check_count(classes, "classes", 2)
        shape = check_count(macs, "macs"), check_count(modules, "modules"), check_count(cells, "cells", 2)
        self.rule = check_choice(rule, "rule", ("once", "counts"))
        self.counts = np.zeros((*shape, self.classes), np.int32)
        self.of_class = np.zeros((shape[0], self.classes), np.int64)

    def learn(self, codes: np.ndarray, labels: Any) -> None:
        """Link codes [B, M, Q] (-1: no winner) to classes [B]."""
        codes, labels = self._check(codes), np.asarray(labels)
        if labels.shape != codes.shape[:1] or labels.dtype.kind not in "iu":
            raise ValueError(f"labels: expected {len(codes)} whole numbers, got {labels.dtype} {list(labels.shape)}")
        if len(labels) and not 0 <= labels.min() <= labels.max() < self.classes:
            raise ValueError(f"labels: expected 0 ... {self.classes - 1}, got {labels.min()} ... {labels.max()}")
        K = self.counts.shape[2]
        for m, q in np.ndindex(codes.shape[1:]):
            on = codes[:, m, q] >= 0
            both = np.bincount(codes[on, m, q] * self.classes + labels[on], minlength=K * self.classes)
            self.counts[m, q] += both.reshape(K, self.classes).astype(np.int32)
        for m in range(codes.shape[1]):
            self.of_class[m] += np.bincount(labels[codes[:, m, 0] >= 0], minlength=self.classes)

    def support(self, codes: np.ndarray) -> np.ndarray:
        """Support of each class [B, C] by codes [B, M, Q]."""
        codes = self._check(codes)
        total = np.zeros((len(codes), self.classes))
        for m, q in np.ndindex(codes.shape[1:]):
            on = codes[:, m, q] >= 0
            if on.any():
                total[on] += self._weights(m, q)[codes[on, m, q]]
        return total

    def classify(self, codes: np.ndarray) -> np.ndarray:
        """Class of each code [B], int."""
        return self.support(codes).argmax(-1)

    def _weights(self, m: int, q: int) -> np.ndarray:
        if self.rule == "once":
            return (self.counts[m, q] > 0).astype(float)
        return np.log((self.counts[m, q] + 1.0) / (self.of_class[m] + self.counts.shape[2]))

    def _check(self, codes: np.ndarray) -> np.ndarray:
        codes, shape = np.asarray(codes), self.counts.shape
        if codes.ndim != 3 or codes.shape[1:] != shape[:2] or codes.dtype.kind not in "iu":
            raise ValueError(
                f"codes: expected whole numbers of shape [., {shape[0]}, {shape[1]}], "
                f"got {codes.dtype} {list(codes.shape)}"
            )
        if codes.size and codes.max() >= shape[2]:
            raise ValueError(f"codes: expected cells 0 ... {shape[2] - 1}, got {codes.max()}")
        return codes


def nearest_code(codes: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """Give the number of the stored code [P, M, Q] that shares most winners with each code [B, M, Q]: int [B].

    Of equals the one stored first is taken.
    """
    codes, stored = np.asarray(codes), np.asarray(stored)
    if codes.ndim != 3 or not stored.size or codes.shape[1:] != stored.shape[1:]:
        raise ValueError(
            f"codes, stored: expected [B, M, Q] and [P, M, Q], got {list(codes.shape)}, {list(stored.shape)}"
        )
    small = np.int8 if max(codes.max(initial=0), stored.max()) < 127 else np.int32
    asked = codes.reshape(len(codes), -1).astype(small)
    known = np.where(stored < 0, -2, stored).reshape(len(stored), -1).astype(small)  # silence equals nothing
    return np.array([np.count_nonzero(known == code, axis=1).argmax() for code in asked], np.int64)
