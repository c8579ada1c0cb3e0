"""What kernels that were killed left behind: a server of theirs ended with them, and nobody was left to remove its folder."""

import os
import shutil
from pathlib import Path


def remove_remains(folder: Path, prefix: str) -> None:
    """Removes the folders `prefix` + process id of processes that have ended."""
    for left in folder.glob(f"{prefix}*"):
        if not _runs(int(left.name.removeprefix(prefix))):
            shutil.rmtree(left, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
