"""What a page shows after its scripts ran."""

import os
import shutil
import stat

import pytest

from lab.course.browser import NAMES, NONE, page_text
from lab.course.serve import serving


@pytest.fixture
def prints(tmp_path, monkeypatch):
    """prints(page) makes a browser that prints this page, whatever it is asked for."""

    def make(page):
        program = tmp_path / "browser"
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{page}\nEND\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("CHROMIUM", str(program))

    return make


def test_without_a_browser_it_says_so(monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    assert page_text("http://127.0.0.1:9") == NONE


def test_only_the_words_of_the_element_are_taken(prints):
    prints('<p>before</p><p id="seen">read &amp; said</p><p>after</p>')
    assert page_text("http://127.0.0.1:9") == "read & said"


def test_a_real_browser_runs_the_script():
    if not os.environ.get("CHROMIUM") and not any(map(shutil.which, NAMES)):
        pytest.skip("no Chromium on this machine; on Debian: apt-get install -y chromium")

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<p id=seen></p><script>seen.textContent = 6 * 7</script>"})

    with serving(app, lifespan="off") as served:
        assert page_text(served.url) == "42"
