"""Makes `.venv` from requirements.lock. Needs Python 3.11+ and nothing else; run as a file: `python3 lab/bootstrap.py`.

Safe to interrupt and to repeat: the stamp that says "complete" is written last, and names the lock it was made from.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MADE = VENV / "lab-made"  # written when Python and pip are whole
STAMP = VENV / "lab-complete"
LOCK = ROOT / "requirements.lock"
UV = "uv>=0.9,<1"  # installs the lock about ten times as fast as pip


def fingerprint() -> str:
    """Changes when the environment has to be made anew."""
    parts = (LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), str(ROOT).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def complete() -> bool:
    """True when the environment was made to its end from this lock."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == fingerprint()


def usable() -> bool:
    """True when the environment was made to its end and its Python still starts; then only packages may be missing."""
    if not PYTHON.exists() or not MADE.exists():
        return False
    return subprocess.run([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], capture_output=True).returncode == 0


def index_address() -> dict[str, str]:
    """uv does not read pip's settings: hand over the index that pip is set to use, if any."""
    if os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL"):
        return {}
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True)
    address = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip()
    return {"UV_DEFAULT_INDEX": address} if address else {}


def find_uv() -> list[str]:
    """The machine's own uv, or one that pip puts into the environment."""
    if found := shutil.which("uv"):
        return [found]
    own = VENV / "bin" / "uv"
    if not own.exists():
        say("Getting uv, the installer")
        run([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV])
    return [str(own)]


def say(text: str) -> None:
    """Progress goes to standard error, so that `--json` output of later commands stays clean."""
    print(f"setup: {text}", file=sys.stderr, flush=True)


def run(command: list[str], **extra: str) -> None:
    """Runs a step; a failure ends the set-up with the next action."""
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, "VIRTUAL_ENV": str(VENV), **extra})
    if result.returncode:
        sys.exit(f"setup: this step failed: {' '.join(command)}\n\nhint: read the lines above, mend that, and run the same command again")


def make() -> None:
    """Makes or completes the environment."""
    if not usable():
        if VENV.exists():
            say("Removing a virtual environment that is half-made or does not start")
            shutil.rmtree(VENV)
        say("Making a virtual environment in .venv")
        try:
            venv.create(VENV, with_pip=True)
        except subprocess.CalledProcessError:
            hint = "on Debian and Ubuntu: apt-get install python3-venv, then run the same command again"
            sys.exit(f"setup: this Python has no pip of its own\n\nhint: {hint}")
        MADE.touch()
    STAMP.unlink(missing_ok=True)
    uv = find_uv()
    say("Installing the packages of requirements.lock (about 0.6 GB to fetch, 1.4 GB on disk, once)")
    # the lock is complete, so nothing is resolved here; hashes are checked
    quiet = [] if sys.stderr.isatty() else ["--quiet"]  # the list of 200 packages helps nobody in a log
    install = [*uv, "pip", "install", "--python", str(PYTHON), "--no-deps"]  # named, because UV_SYSTEM_PYTHON would win over VIRTUAL_ENV
    run([*install, *quiet, "--require-hashes", "-r", str(LOCK)], **index_address())
    # the project's build tool is in the lock too: nothing outside the lock is fetched
    run([*install, "--no-build-isolation", "--offline", "--quiet", "-e", str(ROOT)])
    STAMP.write_text(fingerprint())
    say("Ready")


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit(f"setup: Python 3.11 or newer is needed; this is {sys.version.split()[0]}\n\nhint: make PYTHON=python3.12 up")
    try:
        if not complete():
            make()
    except KeyboardInterrupt:
        sys.exit("\nsetup: interrupted; nothing is lost, run the same command again")
