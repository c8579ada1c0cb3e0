"""JupyterLab of the lab. Address and port come from the command line, the token from the variable JUPYTER_TOKEN."""

import os
from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - Jupyter provides it
here = Path(__file__).resolve().parent

c.ServerApp.root_dir = os.environ.get("LAB_JUPYTER_ROOT", str(here.parent))  # the browser tests open a copy of the notebooks
c.ServerApp.open_browser = False  # `lab up` does it, when someone watches
c.ServerApp.port_retries = 0  # a taken port is an error; another port would not be where the lab looks
c.ServerApp.allow_root = True  # in a container people often are root; the server listens on this machine only and asks for the token
c.PasswordIdentityProvider.hashed_password = ""  # a password from somewhere else must not switch the token off

# A login shell would reset PATH, and the `lab` command would not be found.
c.ServerApp.terminado_settings = {"shell_command": [os.environ.get("SHELL") or "bash"]}

c.LabApp.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.LabApp.app_settings_dir = str(here / "lab-settings")
c.LabApp.news_url = None
c.LabApp.expose_app_in_browser = True  # the browser tests call commands instead of clicking through menus

c.ResourceUseDisplay.mem_limit = 2 * 2**30  # bytes: what the lab is made for; the status bar shows the use against it
c.ResourceUseDisplay.track_cpu_percent = True
