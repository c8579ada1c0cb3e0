"""lab logs: what is printed."""

from typer.testing import CliRunner

from lab.cli.app import app
from lab.settings import get_settings


def test_no_token_is_printed(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_PLACE", "embedded")
    get_settings.cache_clear()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "jupyter.log").write_text("302 GET /?token=s3cret-0f (@127.0.0.1) 1 ms\n")
    printed = CliRunner().invoke(app, ["logs", "jupyter"]).stdout
    get_settings.cache_clear()
    assert printed == "302 GET /?token=… (@127.0.0.1) 1 ms\n"


def test_the_lines_of_one_request_are_shown_in_the_order_of_time(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("LAB_PLACE", "embedded")
    get_settings.cache_clear()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "api.log").write_text('{"time": "2026-01-01T10:00:09Z", "request_id": "abc"}\n{"request_id": "abc-2"}\n')
    (tmp_path / "logs" / "ollama.log").write_text("2026-01-01 00:00:01,5 INFO 200 request_id=abc\n2026-01-01 00:00:02,5 INFO 200\n")
    printed = CliRunner().invoke(app, ["logs", "--request", "abc"]).stdout
    get_settings.cache_clear()
    assert [line.partition(":")[0] for line in printed.splitlines()] == ["ollama", "api"]
