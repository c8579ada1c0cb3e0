"""The lists of dependencies agree with each other, and name no address of a package index."""

import re
import tomllib

import pytest
import yaml

from lab.settings import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK_TEXT = (ROOT / "requirements.lock").read_text("utf-8")
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
CONDA_PIP = next(entry["pip"] for entry in CONDA if isinstance(entry, dict))


def locked_versions() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", LOCK_TEXT, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[a-z0-9._-]+", entry.lower())[0] for entry in requirements}


def test_every_dependency_is_locked():
    extras = [entry for group in PROJECT["optional-dependencies"].values() for entry in group]
    assert names(PROJECT["dependencies"] + extras) - set(locked_versions()) == set()


@pytest.mark.parametrize("requirement", [entry for entry in CONDA_PIP if "==" in entry] + [CONDA[1].replace("=", "==", 1)])
def test_conda_version_equals_the_lock(requirement):
    name, version = requirement.split("==")
    assert version in locked_versions()[name]


def test_conda_lists_every_dependency():
    listed = names([entry for entry in CONDA_PIP if "==" in entry]) | {"jupyterlab"}
    assert listed == names(PROJECT["dependencies"])


def test_every_locked_package_has_hashes():
    blocks = re.split(r"\n(?=[a-z0-9])", LOCK_TEXT.strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_lock_names_no_address():
    assert "://" not in LOCK_TEXT
    assert "index-url" not in LOCK_TEXT
