"""`python -m lab.engine serve`: the embedded engine, and its command."""

import sys


def main() -> None:
    """Entry point of `lab-engine`."""
    from lab.engine.commands import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
