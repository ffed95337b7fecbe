"""Generated source on disk: one module per program, named by a hash of all that went into it.

Where a text holds the line `CODE_FOLLOWS`, what comes after it is a module of its own, named by what it says. Programs
that differ in names only (synapses onto ``g_e`` and onto ``g_i``) so share what Numba compiles.

The folder is ``$SPIKEGRAM_CACHE`` or ``~/.cache/spikegram``. A module is written to a temporary file and renamed, so
that a reader never sees half of one. Numba keeps its compiled form beside it.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["CODE_FOLLOWS", "cache_folder", "digest", "generated"]

CODE_FOLLOWS = "# ---- code ----\n"


def cache_folder() -> Path:
    """Give the folder of the generated modules, made if need be."""
    folder = os.environ.get("SPIKEGRAM_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "spikegram"
    )
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from None
    return path


def _unwritable(folder: Path, error: OSError) -> OSError:
    return OSError(
        f"cannot write generated code to {folder}: {error}; set SPIKEGRAM_CACHE to a folder that can be written"
    )


def _write(path: Path, text: str) -> None:
    """Write a file in one go: others see all of it or nothing."""
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise _unwritable(path.parent, error) from None


_PACKAGE = "spikegram_generated"
_one_at_a_time = threading.RLock()  # networks may be built in several threads; a module is seen when it is whole


def _package() -> ModuleType:
    package = ModuleType(_PACKAGE)
    package.__path__ = []
    return package


# Kernels of matrix models, of which no generated code knows.
_BY_HAND = """
    compiled_delays compiled_elm compiled_lmu compiled_recurrent compiled_scan compiled_vectors dense_hebbian elm
    elm_events hopfield lanes lmu outer_products popcount recurrent scan sparsey sparsey_backoff sparsey_columns
    sparsey_learning sparsey_rows sparsey_signals sparsey_synapses sparsey_winners
""".split()


@cache
def _generator_version() -> str:
    """Hash of the sources that write code, so that a changed generator never reads an old module."""
    root = Path(__file__).parent
    by_hand = {root / f"{name}.py" for name in _BY_HAND}
    beside = ("language.py", "parameters.py", "units.py", "neurons/model.py", "plasticity/model.py")
    sources = sorted([*set(root.glob("*.py")) - by_hand, *(root.parent / name for name in beside)])
    whole = hashlib.sha256()
    for path in sources:
        whole.update(path.read_bytes())
    return whole.hexdigest()


def digest(key: Any) -> str:
    """Hash a JSON-like key together with the version of the code generator."""
    text = json.dumps([_generator_version(), key], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def generated(kind: str, key: Any, write: Callable[[], str]) -> ModuleType:
    """Import the module generated for ``key``; ``write`` makes its source if it is not on disk yet."""
    with _one_at_a_time:
        return _generated(kind, key, write)


def _generated(kind: str, key: Any, write: Callable[[], str]) -> ModuleType:
    name = f"{kind}_{digest(key)}"
    package, folder = sys.modules.setdefault(_PACKAGE, _package()), cache_folder()
    full = f"{_PACKAGE}.{name}"
    if full in sys.modules:
        return sys.modules[full]
    package.__path__ = [str(folder)]  # where modules look for each other
    path = folder / f"{name}.py"
    try:
        if path.exists():
            return _load(full, path, package)
    except ModuleNotFoundError:  # somebody has deleted the other part: both are written anew
        pass
    facts, _, code = write().partition(CODE_FOLLOWS)
    if code:
        part = f"{kind}_code_{digest(code)}"
        _write(folder / f"{part}.py", code)
        importlib.invalidate_caches()
        facts += f"CODE = {part!r}\n\nfrom {_PACKAGE}.{part} import *\n"
    _write(path, facts)
    return _load(full, path, package)


def _load(full: str, path: Path, package: ModuleType) -> ModuleType:
    spec = importlib.util.spec_from_file_location(full, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    setattr(package, path.stem, module)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full]
        raise
    return module
