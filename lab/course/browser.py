"""What a page shows in a real browser, where one is installed."""

import os
import shutil
import subprocess
from html.parser import HTMLParser
from tempfile import TemporaryDirectory

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom")
PATIENCE = 60.0  # seconds for a page
NONE = "no Chromium on this machine"


class _Seen(HTMLParser):
    """Collects the words inside the element whose id is `seen`."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.words = False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = ("id", "seen") in attrs

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        self.words += data if self.inside else ""


def page_text(url: str) -> str:
    """What the page writes into its element with the id `seen`, after its scripts ran. Without a browser: the words that say so."""
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not browser:
        return NONE
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [browser, *OPTIONS, f"--user-data-dir={profile}", url]
        page = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE).stdout
    seen = _Seen()
    seen.feed(page)
    return seen.words
