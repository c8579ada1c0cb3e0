"""A whole lab with JupyterLab on a copy of the notebooks, and a real browser."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from lab.settings import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium on this machine; on Debian: apt-get install -y chromium fonts-noto-cjk, elsewhere set CHROMIUM to its path"
# A kernel that stays would still know the names of this test in the next one.
SHUT_DOWN = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()"
VIEW = {"width": 1280, "height": 1500}


@pytest.fixture(scope="session")
def chromium():
    """Path of the browser. Without one these tests are skipped, and say what to install."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        pytest.skip(MISSING)
    return path


@pytest.fixture(scope="session")
def lab_address(chromium, lab_variables, tmp_path_factory):
    """What `lab up` printed as JupyterLab's address. Its notebooks are copies: autosave must not change the project."""
    folder = tmp_path_factory.mktemp("learner")
    for name in ("notebooks", "solutions", "corpus"):
        shutil.copytree(ROOT / name, folder / name)
    variables = {**lab_variables(tmp_path_factory.mktemp("lab")), "LAB_JUPYTER_ROOT": str(folder), "LAB_PROGRESS": "off"}
    env = {key: value for key, value in os.environ.items() if key not in ("LAB_SERVICE", "JUPYTER_TOKEN")} | variables
    lab = [Path(sys.executable).with_name("lab")]
    try:
        up = subprocess.run([*lab, "up", "--no-open"], env=env, cwd=folder, capture_output=True, text=True, timeout=240)
        address = re.search(r"^JupyterLab: (\S+)", up.stdout, re.MULTILINE)
        assert address, up.stdout + up.stderr
        yield address[1]
    finally:
        subprocess.run([*lab, "down"], env=env, cwd=folder, capture_output=True, timeout=120)


@pytest.fixture(scope="session")
def browser(chromium):
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def page(browser):
    """A page of its own, with `page.problems`: what the browser's console called an error."""
    context = browser.new_context(viewport=VIEW, color_scheme="light")
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.problems = []
    opened.on("console", lambda message: message.type == "error" and opened.problems.append(f"{message.text} {message.location['url']}"))
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    yield opened
    opened.evaluate(SHUT_DOWN)
    context.close()
