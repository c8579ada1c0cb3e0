"""The images' lists of packages: versions and hashes of requirements.lock, the packages that the code needs, and no more."""

import re
import tomllib

import pytest

from lab.settings import ROOT

LISTS = ("api", "jupyter")


def blocks(text):
    """Name and version, with the hashes: a version can stand there twice, for different machines."""
    found = {}
    for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
        found.setdefault(re.match(r"[a-z0-9._-]+==[^ \\;]+", block)[0], set()).update(re.findall(r"sha256:[0-9a-f]{64}", block))
    return found


def locked(folder):
    return blocks((ROOT / folder / "requirements.lock").read_text("utf-8"))


def listed(path):
    """Names in a list of requirements, without remarks."""
    return {line.split("#")[0].strip() for line in (ROOT / path).read_text("utf-8").splitlines()} - {""}


def names(packages):
    return {package.split("==")[0] for package in packages}


def dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {re.match(r"[a-z0-9._-]+", entry.lower())[0] for entry in project["dependencies"]}


@pytest.mark.parametrize("folder", LISTS)
def test_each_package_is_the_one_of_the_labs_lock(folder):
    assert {name: hashes for name, hashes in locked(folder).items() if locked(".").get(name) != hashes} == {}


@pytest.mark.parametrize("folder", LISTS)
def test_no_list_names_an_address(folder):
    text = (ROOT / folder / "requirements.lock").read_text("utf-8")
    assert ("://" in text, "index-url" in text) == (False, False)


@pytest.mark.parametrize("folder", LISTS)
def test_what_is_left_out_is_not_there(folder):
    assert listed(f"{folder}/left-out.txt") & names(locked(folder)) == set()


def test_the_api_asks_for_packages_of_the_lab_only():
    assert listed("api/requirements.in") - dependencies() == set()
    assert listed("api/requirements.in") - names(locked("api")) == set()


def test_jupyterlab_has_every_package_of_the_lab_but_those_left_out():
    assert dependencies() - listed("jupyter/left-out.txt") - names(locked("jupyter")) == set()


def test_no_image_has_tools_for_tests_or_weights():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    unwanted = {re.match(r"[a-z0-9._-]+", entry.lower())[0] for group in extras.values() for entry in group}
    wanted_otherwise = {"tokenizers", "pyyaml"}  # chromadb and JupyterLab need them too
    for folder in LISTS:
        assert names(locked(folder)) & unwanted <= wanted_otherwise
