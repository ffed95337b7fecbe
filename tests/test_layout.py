"""Where things are: folders, imports and the mirror of tests."""

from __future__ import annotations

import ast
import configparser
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Modules without a test file of their own, and why.
NO_MIRROR = {
    "__main__.py": "two lines; the command line is tested in tests/test_cli.py",
}

# Imported when first needed, never with spikegram itself.
HEAVY = [
    *("brian2", "sympy", "numba", "llvmlite", "torch", "matplotlib", "h5py", "neo"),
    *("sklearn", "pandas", "elephant", "nest", "pyNN"),
]

# Modules that write or hold compiled code: they are imported only when a model is new, or when a run begins.
WRITE_CODE = {
    f"spikegram.kernels.{name}"
    for name in (
        *("build", "expressions", "integrate", "neuron_code", "printers", "program"),
        *("adjoint", "layer_numba", "layer_step", "layer_torch", "surrogate_forms", "torch_code"),
        *("synapse_code", "synapse_delivery", "synapse_numba", "synapse_numpy", "synapse_step"),
    )
}
HOLD_CODE = {
    f"spikegram.kernels.{name}"
    for name in """
        compiled compiled_delays compiled_elm compiled_hints compiled_layer compiled_layer_delays compiled_layer_pairs
        compiled_lmu compiled_recurrent compiled_rows compiled_scan compiled_special compiled_vectors compiled_views
        dense_hebbian elm elm_events hopfield outer_products packing popcount sparsey sparsey_backoff sparsey_learning
        sparsey_rows sparsey_signals sparsey_synapses sparsey_winners spike_lists tiles
    """.split()
}
HOLD_CODE |= {"spikegram.scripts.bench.yardstick", "spikegram.scripts.bench.layers_yardstick"}

# Layers are torch modules; whoever imports them wants torch.
NEEDS_TORCH = "spikegram.bridges.torch"

# What the modules of a folder may import, at their head, from the other folders.
INWARD = {
    "neurons": set(),
    "plasticity": set(),
    "tasks": set(),
    "kernels": {"neurons", "plasticity"},
    "networks": {"neurons", "plasticity", "kernels"},
    "bridges": {"neurons", "plasticity", "networks", "kernels"},
    "hardware": {"neurons", "plasticity", "networks", "bridges"},
}


def listed_packages() -> list[str]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return config["options"]["packages"].split()


def folder_of(package: str) -> Path:
    return ROOT.joinpath(*package.split(".")[1:])


def package_modules() -> list[Path]:
    return [file for name in listed_packages() for file in sorted(folder_of(name).glob("*.py"))]


def module_name(file: Path) -> str:
    parts = ("spikegram", *file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def local_names() -> set[str]:
    """Everything at the root that Python would import by a bare name from inside the checkout."""
    return {file.stem for file in ROOT.glob("*.py")} - {"__init__", "__main__"} | {
        name.split(".")[1] for name in listed_packages() if "." in name
    }


def sources() -> Iterator[Path]:
    """Every Python file of the checkout, outside hidden folders and build leftovers."""
    for top in sorted(ROOT.iterdir()):
        if top.name.startswith(".") or top.name in {"build", "dist"}:
            continue
        yield from sorted(top.rglob("*.py")) if top.is_dir() else [top] * (top.suffix == ".py")


def absolute_imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module


def head_imports(file: Path) -> set[str]:
    """Full names of what a module imports at its head, relative imports resolved."""
    package = module_name(file).split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module.split(".") if node.module else [])]
            found.update(".".join([*base, alias.name]) for alias in node.names)
    return found


def heavy_after(code: str, folder: Path) -> dict[str, str]:
    """Run ``code`` in a fresh interpreter outside the checkout; it fills ``guilty``."""
    probe = f"import sys\nHEAVY = {HEAVY!r}\nguilty = {{}}\n{code}\n"
    probe += "import json\nprint(json.dumps(guilty))"
    run = subprocess.run([sys.executable, "-c", probe], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_packages_list_equals_the_folders() -> None:
    found = {
        ".".join(("spikegram", *file.relative_to(ROOT).parts[:-1])) for file in sources() if file.name == "__init__.py"
    }
    assert sorted(listed_packages()) == sorted(found)


def test_folders_of_tests_are_no_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))
    assert list((ROOT / "tests").rglob("conftest.py")) == [ROOT / "tests" / "conftest.py"]


def test_no_bare_imports() -> None:
    local = local_names()
    perhaps = re.compile(rf"\b(?:from|import)\s[^#\n]*(?<![.\w])(?:{'|'.join(local)})\b")  # reading all takes seconds
    bare = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in sources()
        if perhaps.search(text := file.read_text(encoding="utf-8"))
        for line, name in absolute_imports(ast.parse(text))
        if name.split(".")[0] in local
    ]
    assert not bare, "import these as spikegram.…: " + ", ".join(bare)


def test_no_root_module_hides_the_standard_library() -> None:
    assert not local_names() & sys.stdlib_module_names


@pytest.mark.parametrize("folder", INWARD)
def test_imports_point_inward(folder: str) -> None:
    outward = []
    for file in package_modules():
        if file.relative_to(ROOT).parts[0] != folder:
            continue
        for name in sorted(head_imports(file)):
            parts = name.split(".")
            if parts[0] == "spikegram" and len(parts) > 1 and parts[1] in {*INWARD, "scripts"}:
                if parts[1] != folder and parts[1] not in INWARD[folder]:
                    outward.append(f"{file.relative_to(ROOT)}: {name}")
    assert not outward


def test_each_module_has_its_test_file() -> None:
    missing = []
    for file in package_modules():
        place = file.relative_to(ROOT)
        if file.name == "__init__.py" or place.as_posix() in NO_MIRROR:
            continue
        test = ROOT / "tests" / place.parent / f"test_{file.stem.lstrip('_')}.py"
        if not test.is_file():
            missing.append(f"{place} -> {test.relative_to(ROOT)}")
    assert not missing, "modules without a test file: " + ", ".join(missing)


def test_exceptions_of_the_mirror_still_exist() -> None:
    assert all((ROOT / name).exists() for name in NO_MIRROR)


def test_importing_layers_imports_torch_alone(tmp_path: Path) -> None:
    code = f"import {NEEDS_TORCH}\nguilty = dict.fromkeys(set(HEAVY) & set(sys.modules), '')"
    assert heavy_after(code, tmp_path).keys() == {"torch"}


def test_modules_that_hold_compiled_code_need_no_algebra(tmp_path: Path) -> None:
    code = f"import importlib\nfor name in {sorted(HOLD_CODE)!r}:\n    importlib.import_module(name)\n"
    code += "guilty = dict.fromkeys({'sympy', 'brian2'} & set(sys.modules), '')"
    assert heavy_after(code, tmp_path) == {}


def test_importing_every_module_is_light(tmp_path: Path) -> None:
    every = [module_name(file) for file in package_modules()]
    assert set(listed_packages()) <= set(every)
    names = [n for n in every if n not in WRITE_CODE | HOLD_CODE and not n.startswith(NEEDS_TORCH)]
    code = f"""
import importlib
for name in {names!r}:
    importlib.import_module(name)
    for heavy in set(HEAVY) & set(sys.modules) - set(guilty):
        guilty[heavy] = name
"""
    assert heavy_after(code, tmp_path) == {}
