import json
import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def lab(handbook):
    """Runs the `lab` command on the handbook's collection, or on one that is named."""

    def run(*arguments: str, collection: str = handbook.settings.collection) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "COLLECTION": collection, "NO_COLOR": "1"}
        return subprocess.run([sys.executable, "-P", "-m", "lab.cli.app", *arguments], env=env, capture_output=True, text=True, timeout=120)

    return run


def test_ask_shows_answer_state_sources_and_time(lab):
    done = lab("ask", "Are my models deleted when I remove the container?")
    assert done.returncode == 0, done.stderr
    assert "not deleted" in done.stdout
    assert "(quoted: the sources' own sentences)" in done.stdout or "(grounded: the sources support it)" in done.stdout
    assert "[1] volumes.md, " in done.stdout
    assert done.stdout.rstrip().endswith(" s")


def test_ask_json_is_one_object_and_nothing_else(lab):
    answer = json.loads(lab("ask", "Which port does Chroma listen on?", "--json").stdout)
    assert answer["state"] in ("grounded", "quoted")
    assert set(answer["timings"]) == {"embed", "search", "generate", "ground", "total"}


def test_ask_stream_keeps_the_draft_off_standard_output(lab):
    done = lab("ask", "Which port does Chroma listen on?", "--stream")
    assert "draft: " in done.stderr
    assert "draft: " not in done.stdout
    assert "8000" in done.stdout


def test_ask_trace_shows_the_stages_and_the_answer(lab):
    done = lab("ask", "Which port does Chroma listen on?", "--trace")
    assert "fused (scores)" in done.stdout, done.stderr
    assert "prompt (" in done.stdout
    data = json.loads(lab("ask", "Which port does Chroma listen on?", "--trace", "--json").stdout)
    assert data["trace"]["steps"][0]["name"] == "dense"


def test_ask_where_limits_the_documents(lab):
    answer = json.loads(lab("ask", "Which port does Chroma listen on?", "--where", "source=volumes.md", "--json").stdout)
    assert all(one["document"] == "volumes.md" for one in answer["citations"])


def test_ask_before_an_ingest_names_the_command(lab):
    done = lab("ask", "Which port?", collection="never-made")
    assert done.returncode == 1
    assert "Nothing is indexed yet" in done.stderr
    assert "lab ingest" in done.stderr


def test_ingest_reports_what_it_did(lab, folder):
    (folder / "empty.md").write_text("")
    first = json.loads(lab("ingest", str(folder), "--json", collection="by-command").stdout)
    assert (first["documents"], first["added"], first["problems"][0]["document"]) == (5, 5, "empty.md")
    again = lab("ingest", str(folder), collection="by-command")
    assert "0 chunks embedded" in again.stdout
    assert "problem: empty.md: It is empty." in again.stdout


def test_ingest_of_a_missing_folder_says_so(lab, tmp_path):
    done = lab("ingest", str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert "There is no folder or file" in done.stderr
