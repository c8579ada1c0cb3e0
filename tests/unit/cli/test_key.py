import json

import pytest
from typer.testing import CliRunner

from lab.cli.app import app
from lab.errors import InputError
from lab.service.auth import Keys

run = CliRunner().invoke


def test_a_key_is_printed_alone_and_its_entry_beside_it():
    result = run(app, ["key", "ann"])
    key = result.stdout.strip()
    entry = result.stderr.strip().splitlines()[-1]
    assert (Keys(entry).owner(key), key in result.stderr) == ("ann", False)


def test_scripts_get_one_object():
    made = json.loads(run(app, ["key", "ann", "--json"]).stdout)
    assert Keys(made["entry"]).owner(made["key"]) == made["name"] == "ann"


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ä", "a" * 65])
def test_a_name_that_cannot_stand_in_the_settings_is_refused(name):
    assert isinstance(run(app, ["key", name]).exception, InputError)
