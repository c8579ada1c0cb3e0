"""The command, run as people run it, against a real engine of its own."""

import os
import re
import subprocess
import sys
from contextlib import suppress

import pytest

MODELFILE = 'FROM smollm2:135m\nSYSTEM "You answer in one word."\nPARAMETER temperature 0\nPARAMETER num_predict 4\n'


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """Of a terminal in which nobody has started a lab."""
    return {**os.environ, "LAB_HOME": str(tmp_path), "NO_COLOR": "1"}


@pytest.fixture
def at_engine(environment, engine) -> dict[str, str]:
    """Of a terminal that knows the engine."""
    return {**environment, "OLLAMA_HOST": engine.url}


def call(environment, *arguments, text=""):
    command = [sys.executable, "-m", "lab.engine", *arguments]
    return subprocess.run(command, env=environment, input=text, capture_output=True, text=True, timeout=120)


def lines(done):
    assert done.returncode == 0, done.stderr
    return [re.split(r"\s{2,}", line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("arguments", [["list"], ["ps"], ["pull", "smollm2"], ["run", "smollm2", "hi"], ["rm", "x"], ["show", "x"]])
def test_without_a_server_every_command_says_how_to_start_one(environment, free_port, arguments):
    done = call({**environment, "OLLAMA_HOST": f"127.0.0.1:{free_port()}"}, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: could not connect to ollama server, run 'ollama serve' to start it\n"


def test_version_without_a_server_warns_and_succeeds(environment, free_port):
    done = call({**environment, "OLLAMA_HOST": f"127.0.0.1:{free_port()}"}, "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("Warning: could not connect to a running Ollama instance\n")


def test_version_with_a_bad_setting_says_which(environment):
    done = call({**environment, "OLLAMA_PORT": "many"}, "--version")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: A setting cannot work: OLLAMA_PORT=many")


def test_version_is_marked_as_the_labs(at_engine):
    assert call(at_engine, "--version").stdout == "ollama version is 0.33.0+lab\n"


def test_unknown_command_has_ollamas_words(environment):
    done = call(environment, "ollama", "serve")
    assert (done.returncode, done.stderr) == (1, 'Error: unknown command "ollama" for "lab-engine"\n')


def test_wrong_usage_is_exit_2_and_no_command_is_help(environment):
    assert call(environment, "pull").returncode == 2
    assert "Create a model from a Modelfile" in call(environment).stdout


def test_list_has_ollamas_columns(at_engine):
    head, *rows = lines(call(at_engine, "list"))
    assert head == ["NAME", "ID", "SIZE", "MODIFIED"]
    assert {row[0]: row[2] for row in rows if row[0] in ("smollm2:135m", "all-minilm:latest")} == {
        "smollm2:135m": "98 MB",
        "all-minilm:latest": "46 MB",
    }
    assert all(re.fullmatch(r"[0-9a-f]{12}", row[1]) and row[3].endswith("ago") for row in rows)


def test_list_takes_the_beginning_of_a_name(at_engine):
    assert [row[0] for row in lines(call(at_engine, "ls", "all-"))] == ["NAME", "all-minilm:latest"]


def test_pull_tells_its_steps_on_standard_error(at_engine):
    done = call(at_engine, "pull", "all-minilm:22m")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[0] == "pulling manifest" and done.stderr.splitlines()[-1] == "success"
    assert re.search(r"^pulling [0-9a-f]{12}: 100% 46 MB$", done.stderr, re.M)
    call(at_engine, "rm", "all-minilm:22m")


def test_failed_pull_is_exit_1_with_the_reason(at_engine):
    done = call(at_engine, "pull", "nope")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Error: pull model manifest: file does not exist"


def test_run_answers_a_prompt_and_ps_shows_the_model(at_engine):
    done = call(at_engine, "run", "smollm2:135m", "What is the capital of France?", "--verbose")
    assert done.returncode == 0 and done.stdout.strip()
    assert re.search(r"^eval count: +\d+ token\(s\)$", done.stderr, re.M)
    head, row = lines(call(at_engine, "ps"))
    assert head == ["NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"]
    assert (row[0], row[3]) == ("smollm2:135m", "100% CPU") and row[5].endswith("from now")
    assert call(at_engine, "stop", "smollm2:135m").returncode == 0
    assert "smollm2:135m" not in call(at_engine, "ps").stdout


def test_run_reads_standard_input(at_engine):
    done = call(at_engine, "run", "all-minilm", text="a text")
    assert done.returncode == 0
    assert len(done.stdout.split(",")) == 384


def test_model_is_made_from_a_modelfile_and_shown_again(at_engine, tmp_path):
    (tmp_path / "Modelfile").write_text(MODELFILE)
    done = call(at_engine, "create", "terse", "-f", str(tmp_path / "Modelfile"))
    assert done.stderr.splitlines()[-1] == "success"
    assert call(at_engine, "show", "terse", "--system").stdout == "You answer in one word.\n"
    assert "PARAMETER temperature 0" in call(at_engine, "show", "terse", "--modelfile").stdout
    assert call(at_engine, "run", "terse", "Name a colour.").stdout.strip()
    assert call(at_engine, "rm", "terse").stdout == "deleted 'terse'\n"


def test_shown_modelfile_makes_the_model_again(at_engine, tmp_path):
    (tmp_path / "Modelfile").write_text(call(at_engine, "show", "smollm2:135m", "--modelfile").stdout)
    assert call(at_engine, "create", "again", "-f", str(tmp_path / "Modelfile")).returncode == 0
    first, again = (call(at_engine, "show", name, "--parameters").stdout for name in ("smollm2:135m", "again"))
    assert first == again and "<|im_end|>" in first
    call(at_engine, "rm", "again")


def test_show_has_ollamas_sections(at_engine):
    text = call(at_engine, "show", "all-minilm").stdout
    assert [line.strip() for line in text.splitlines() if re.match(r"  \w", line)] == ["Model", "Capabilities", "Parameters", "License"]
    assert re.search(r"embedding length +384", text) and re.search(r"quantization +F16", text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SYSTEM x", "Error: no FROM line"),
        ("FROM x\nPARAMETER speed 9", "Error: unknown parameter 'speed'"),
        ("FROM ./away.gguf", "Error: no such file"),
        ("FROM nope", "Error: pull model manifest: file does not exist"),
    ],
)
def test_create_names_what_is_wrong_with_a_modelfile(at_engine, tmp_path, text, message):
    (tmp_path / "Modelfile").write_text(text)
    done = call(at_engine, "create", "bad", "-f", str(tmp_path / "Modelfile"))
    assert done.returncode == 1
    assert message in done.stderr


def test_create_without_a_modelfile_says_how_to_name_one(at_engine, tmp_path):
    done = call(at_engine, "create", "x", "-f", str(tmp_path / "away"))
    assert done.returncode == 1 and "-f PATH" in done.stderr


def test_copy_and_remove_say_what_they_did(at_engine):
    assert call(at_engine, "cp", "all-minilm", "copy").stdout == "copied 'all-minilm' to 'copy'\n"
    assert call(at_engine, "rm", "copy").stdout == "deleted 'copy'\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "nope"], "Error: model 'nope:latest' not found\n"),
        (["rm", "nope"], "Error: model 'nope' not found\n"),
        (["cp", "nope", "x"], 'Error: model "nope" not found\n'),
        (["stop", "nope"], 'Error: couldn\'t find model "nope" to stop\n'),
    ],
)
def test_missing_model_has_ollamas_words(at_engine, arguments, message):
    done = call(at_engine, *arguments)
    assert done.returncode == 1
    assert done.stderr == message


@pytest.fixture
def terminal(at_engine, wait_until):
    """Starts a command in a terminal; `say` types a line, `sees` waits for a text after what was seen before."""
    import pty
    import threading

    opened = []

    class Terminal:
        def __init__(self, *arguments):
            self.end, theirs = pty.openpty()
            command = [sys.executable, "-m", "lab.engine", *arguments]
            self.process = subprocess.Popen(command, env=at_engine, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
            os.close(theirs)
            self.text, self.at = "", 0
            threading.Thread(target=self.read, daemon=True).start()
            opened.append(self)

        def read(self):
            with suppress(OSError):  # the other end has closed
                while data := os.read(self.end, 4096):
                    self.text += data.decode("utf-8", "replace")

        def say(self, line):
            os.write(self.end, f"{line}\n".encode())

        def sees(self, text):
            wait_until(lambda: text in self.text[self.at :], f"{text!r} after {self.text[self.at :]!r}", timeout=60)
            self.at = self.text.index(text, self.at) + len(text)

    yield Terminal
    for terminal in opened:
        terminal.process.kill()
        terminal.process.wait(10)
        os.close(terminal.end)


def test_conversation_goes_on_until_bye(terminal):
    talk = terminal("run", "smollm2:135m")
    talk.sees(">>> ")
    talk.say("Say one word.")
    talk.sees(">>> ")
    talk.say("/clear")
    talk.sees("Cleared session context")
    talk.say("/nonsense")
    talk.sees("Unknown command '/nonsense'. Type /? for help")
    talk.say("/bye")
    assert talk.process.wait(20) == 0


def test_pull_in_a_terminal_shows_a_bar(terminal):
    pull = terminal("pull", "smollm2:135m")
    pull.sees("pulling b179c9523d0e: 100% ▕██████████████████████████████▏ 98 MB/98 MB")
    pull.sees("success")
    assert pull.process.wait(20) == 0
