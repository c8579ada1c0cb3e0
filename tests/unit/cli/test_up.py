"""lab up: the browser is shown the way, and other users are not shown the token."""

import webbrowser
from contextlib import nullcontext

import pytest

from lab.cli import up
from lab.settings import load_settings
from lab.stack import lifecycle, progress
from lab.stack.place import Choice


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """What a browser was asked to open, on a machine with a desktop."""
    addresses = []
    settings = load_settings(lab_home=tmp_path, jupyter_token="s3cret", jupyter_port=8888)
    monkeypatch.setattr(lifecycle, "up", lambda place, profiles, view: (settings, Choice("embedded", "because")))
    monkeypatch.setattr(progress, "view_for", lambda console: nullcontext())
    monkeypatch.setattr(up, "_someone_watches", lambda: True)
    monkeypatch.setattr(webbrowser, "open", addresses.append)
    return addresses


def test_the_browser_opens_a_page_of_the_owner_that_leads_to_jupyterlab(opened, tmp_path):
    up.command()
    page = tmp_path / "open.html"
    assert opened == [page.as_uri()]
    assert "url=http://127.0.0.1:8888/?token=s3cret" in page.read_text()
    assert page.stat().st_mode & 0o777 == 0o600


def test_without_the_wish_nothing_is_opened(opened, tmp_path):
    up.command(browser=False)
    assert opened == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("place", "told"), [("embedded", ["Prometheus"]), ("compose", ["Prometheus", "Grafana"])])
def test_with_the_profile_monitoring_its_pages_are_told(monkeypatch, capsys, tmp_path, place, told):
    own = load_settings(lab_home=tmp_path, lab_place=place, compose_profiles="monitoring", grafana_password="s3cret")
    monkeypatch.setattr(lifecycle, "up", lambda *_, **__: (own, Choice(place, "because")))
    monkeypatch.setattr(progress, "view_for", lambda console: nullcontext())
    up.command(browser=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines[2:]] == told
    assert ("password s3cret" in lines[-1]) == (place == "compose")
