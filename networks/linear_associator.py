"""The linear associator: keys and values in one matrix, written by Hebb's rule or by the delta rule.

Keys k [d_k], values v [d_v], memory S [d_k, d_v], S = 0 at first. Pairs are written one after the other:

============  =================================================  =====================================================
Hebb          S <- gamma S + eta k v'                            gamma < 1 forgets
delta         S <- gamma S + eta k (v - gamma S' k)'             Rescorla and Wagner, Widrow and Hoff: writes what is
                                                                 not yet known; stable for 0 < eta |k|^2 < 2
============  =================================================  =====================================================

Recall: o = S' q. Conditioning: keys are the stimuli shown, the value is the reward, S the associative strengths; eta
is the learning rate. Repeated passes of the delta rule converge to the least-squares solution, which is exact for up to
d_k independent keys.

`associator_scan` writes and reads a whole sequence, which is linear attention: o_t = S_t' q_t. With D_t = gamma_1 ...
gamma_t and pseudo-values u_t = eta_t v_t, of the delta rule u_t = eta_t (v_t - gamma_t S_(t-1)' k_t), a chunk is

    (I + diag(eta) tril(A, -1)) U = diag(eta) (V - D K S_0)   (delta),      A_ts = D_t/D_s k_t.k_s
    O = D Q S_0 + tril(D_t/D_s q_t.k_s) U,                                  S = D_T S_0 + sum_s D_T/D_s k_s u_s'

Theory of Hebb's rule (n random unit keys, values +-1, recall by a stored key): a unit of the output has the signal 1
and crosstalk of variance (n - 1) / d_k. A sign is wrong with probability 1/2 erfc sqrt(d_k / (2 (n - 1))), the cosine
of output and value is 1 / sqrt(1 + (n - 1) / d_k). How many pairs fit depends on what is asked:

- ``"bit"``: a sign is wrong with probability ``error``: n - 1 = d_k / (2 erfcinv(2 error)^2); d_k / 5.41 for 1 %
- ``"cosine"``: the cosine is at least ``cosine``: n - 1 = d_k (1 / cosine^2 - 1)
- ``"worst"``: the crosstalk cannot exceed the signal whatever its signs, sum |k.k_s| < 1: n - 1 = sqrt(pi d_k / 2)

**References.** M. Qiao 2025, "Understanding transformers through the lens of Pavlovian conditioning" (arXiv
2508.08289); R. A. Rescorla and A. R. Wagner 1972; I. Schlag, K. Irie and J. Schmidhuber 2021 (arXiv 2102.11174);
chunks: S. Yang, B. Wang, Y. Zhang, Y. Shen and Y. Kim 2024 (arXiv 2406.06484).

>>> memory = LinearAssociator(2, rule="delta")
>>> memory.store([[1.0, 0.0], [1.0, 0.0]], [[5.0, 1.0], [7.0, 2.0]])
>>> memory.recall([[1.0, 0.0]])[0].tolist()
[[7.0, 2.0]]
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from .memory import AssociativeMemory, RecallInfo, check_choice, check_count, check_number, check_real

__all__ = [
    "LinearAssociator",
    "associator_scan",
    "associator_step",
    "cosine_expected",
    "crosstalk_variance",
    "pairs_that_fit",
    "sign_error",
]


def associator_step(
    S: np.ndarray, k: np.ndarray, v: np.ndarray, rule: str = "hebb", eta: float = 1.0, gamma: float = 1.0
) -> np.ndarray:
    """Write one pair: the next S [d_k, d_v] of key ``k`` [d_k] and value ``v`` [d_v]."""
    kept = S if gamma == 1 else gamma * S
    return kept + eta * np.outer(k, v if rule == "hebb" else v - kept.T @ k)


def associator_scan(
    q: Any, k: Any, v: Any, rule: str = "hebb", eta: Any = 1.0, gamma: Any = 1.0, form: str = "chunk",
    chunk: int = 64, S: Any = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Write a sequence of pairs, and read after each of them.

    Parameters
    ----------
    q, k, v : array_like
        Cues [T, d_k], keys [T, d_k] and values [T, d_v].
    rule : str
        ``"hebb"`` or ``"delta"``.
    eta, gamma : float or array_like
        Learning rate and what is kept, in (0, 1]; numbers, or [T].
    form : str
        ``"recurrent"``: pair after pair; ``"chunk"``: by matrices over ``chunk`` pairs; ``"parallel"``: over all.
        They differ by rounding alone.
    chunk : int
    S : array_like, optional
        The memory before, [d_k, d_v]; 0 by default.

    Returns
    -------
    tuple
        Outputs [T, d_v] and the memory after the last pair.
    """
    check_choice(rule, "rule", ("hebb", "delta"))
    check_choice(form, "form", ("recurrent", "chunk", "parallel"))
    q, k, v = check_real(q, "q"), check_real(k, "k"), check_real(v, "v")
    T, d = k.shape
    if q.shape != k.shape or len(v) != T:
        raise ValueError(f"q, k, v: expected [T, d_k], [T, d_k], [T, d_v], got {[list(x.shape) for x in (q, k, v)]}")
    S = np.zeros((d, v.shape[1])) if S is None else check_real(S, "S", v.shape[1])
    if len(S) != d:
        raise ValueError(f"S: expected shape [{d}, {v.shape[1]}], got {list(S.shape)}")
    rates = []
    for value, name, most in ((eta, "eta", np.inf), (gamma, "gamma", 1.0)):
        x = np.asarray(value, float)
        if x.shape not in ((), (T,)) or not ((x > 0) & (x <= most) & np.isfinite(x)).all():
            raise ValueError(f"{name}: expected a number or [T = {T}], above 0{' and up to 1' if most == 1 else ''}")
        rates.append(np.broadcast_to(x, T))
    eta, gamma = rates
    if rule == "delta" and T and float((largest := eta * (k * k).sum(1)).max()) >= 2:
        raise ValueError(f"eta: the delta rule needs eta |k|^2 < 2, got {float(largest.max()):g}")
    o = np.empty_like(v)
    if form == "recurrent":
        for t in range(T):
            S = associator_step(S, k[t], v[t], rule, eta[t], gamma[t])
            o[t] = S.T @ q[t]
        return o, S
    size = check_count(chunk, "chunk") if form == "chunk" else max(T, 1)
    for a in range(0, T, size):
        at = slice(a, a + size)
        o[at], S = _scan_chunk(q[at], k[at], v[at], rule, eta[at, None], gamma[at], S)
    return o, S


def _scan_chunk(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, rule: str, eta: np.ndarray, gamma: np.ndarray, S: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One chunk by the equations of the module."""
    log = np.cumsum(np.log(gamma))
    D, ratio = np.exp(log)[:, None], np.exp(np.minimum(log[:, None] - log, 0))  # D_t, D_t/D_s for s <= t
    u = eta * v
    if rule == "delta":
        u = np.linalg.solve(np.eye(len(k)) + eta * np.tril(ratio * (k @ k.T), -1), eta * (v - D * (k @ S)))
    return D * (q @ S) + np.tril(ratio * (q @ k.T)) @ u, D[-1] * S + k.T @ (ratio[-1][:, None] * u)


class LinearAssociator(AssociativeMemory):
    """Give values for keys.

    Parameters
    ----------
    size : int
        Length of a key d_k.
    out_size : int, optional
        Length of a value d_v; ``size``.
    rule : str
        ``"hebb"`` or ``"delta"``.
    eta : float
        Learning rate.
    gamma : float
        What is kept of the memory when a pair is written, in (0, 1].
    normalize : bool
        Scale keys (also those of recall) to length one.

    Attributes
    ----------
    S : ndarray
        The memory [d_k, d_v].
    """

    def __init__(
        self, size: int, out_size: int | None = None, rule: str = "hebb", eta: float = 1.0, gamma: float = 1.0,
        normalize: bool = False,
    ) -> None:  # fmt: skip
        self.size = check_count(size, "size")
        self.out_size = self.size if out_size is None else check_count(out_size, "out_size")
        self.rule = check_choice(rule, "rule", ("hebb", "delta"))
        self.eta = check_number(eta, "eta", 0, above=True)
        self.gamma = check_number(gamma, "gamma", 0, 1, above=True)
        self.normalize = bool(normalize)
        self.S = np.zeros((self.size, self.out_size))

    def store(self, patterns: Any, values: Any = None, passes: int = 1) -> None:
        """Write pairs one after the other.

        Parameters
        ----------
        patterns : array_like
            Keys [P, d_k].
        values : array_like, optional
            [P, d_v]; the keys themselves by default.
        passes : int
            How often the whole list is written.

        Raises
        ------
        ValueError
            If the delta rule would not be stable: eta |k|^2 >= 2.
        """
        keys = self._keys(patterns, "patterns")
        given = np.asarray(patterns) if values is None else values
        values = check_real(given, "patterns" if values is None else "values", self.out_size)
        if len(values) != len(keys):
            raise ValueError(f"values: expected one for each of {len(keys)} patterns, got {len(values)}")
        largest = float((keys**2).sum(1).max(initial=0.0))
        if self.rule == "delta" and self.eta * largest >= 2:
            raise ValueError(
                f"patterns: the delta rule needs eta |k|^2 < 2, got {self.eta * largest:g}; set normalize=True or a "
                f"smaller eta"
            )
        for _ in range(check_count(passes, "passes")):
            for k, v in zip(keys, values, strict=True):
                self.S = associator_step(self.S, k, v, self.rule, self.eta, self.gamma)

    def recall(self, cues: Any) -> tuple[np.ndarray, RecallInfo]:
        """Give the value of each key [Q, d_k]: (values [Q, d_v], info). One product, so always one step."""
        keys = self._keys(cues, "cues")
        return keys @ self.S, RecallInfo(np.ones(len(keys), np.int64), np.ones(len(keys), bool))

    def capacity(self, criterion: str = "bit", error: float = 0.01, cosine: float = 0.9) -> float:
        """How many random pairs Hebb's rule holds; see `pairs_that_fit`."""
        return pairs_that_fit(self.size, criterion, error, cosine)

    def _keys(self, keys: Any, what: str) -> np.ndarray:
        keys = check_real(keys, what, self.size)
        if self.normalize:
            length = np.linalg.norm(keys, axis=1, keepdims=True)
            if not length.all():
                raise ValueError(f"{what}: a key of length zero cannot be normalized")
            keys = keys / length
        return keys

    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        names = ("size", "out_size", "rule", "eta", "gamma", "normalize")
        return {name: getattr(self, name) for name in names}, {"S": self.S}

    @classmethod
    def _from_content(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        made = cls(**settings)
        if arrays["S"].shape != made.S.shape:
            raise ValueError(f"S: expected {list(made.S.shape)}, got {list(arrays['S'].shape)}")
        made.S = check_real(arrays["S"], "S")
        return made


# -- theory of Hebb's rule --------------------------------------------------------------------------------------------
def crosstalk_variance(n: int, d_k: int) -> float:
    """(n - 1) / d_k, of a unit of the output for ``n`` random unit keys and values of variance one."""
    return (check_count(n, "n") - 1) / check_count(d_k, "d_k")


def sign_error(n: int, d_k: int) -> float:
    """Probability that the sign of an output is wrong."""
    variance = crosstalk_variance(n, d_k)
    return math.erfc(math.sqrt(1 / (2 * variance))) / 2 if variance else 0.0


def cosine_expected(n: int, d_k: int) -> float:
    """Cosine of output and value."""
    return 1 / math.sqrt(1 + crosstalk_variance(n, d_k))


def pairs_that_fit(d_k: int, criterion: str = "bit", error: float = 0.01, cosine: float = 0.9) -> float:
    """How many pairs fit by the criterion ``"bit"`` (with ``error``), ``"cosine"`` (with ``cosine``) or ``"worst"``."""
    from scipy.special import erfcinv

    check_count(d_k, "d_k")
    check_choice(criterion, "criterion", ("bit", "cosine", "worst"))
    if criterion == "bit":
        if not 0 < check_number(error, "error") < 0.5:
            raise ValueError(f"error: expected a probability between 0 and 1/2, got {error}")
        return 1 + d_k / (2 * float(erfcinv(2 * error)) ** 2)
    if criterion == "cosine":
        return 1 + d_k * (check_number(cosine, "cosine", 0, 1, above=True) ** -2 - 1)
    return 1 + math.sqrt(math.pi * d_k / 2)
