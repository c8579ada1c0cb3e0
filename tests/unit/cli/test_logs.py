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
