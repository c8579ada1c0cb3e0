import io
import json

import pytest
from rich.console import Console

from lab.errors import InputError
from lab.evaluate.compare import compare
from lab.evaluate.plot import save_plot
from lab.evaluate.report import calibrated, compared, tables
from lab.evaluate.runs import deciding, load, save
from lab.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return load_settings(lab_home=tmp_path)


def text_of(found: list) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    for table in found:
        console.print(table)
    return console.export_text()


def test_a_stored_run_comes_back(settings, make_run, found):
    file = save(make_run([found("q1", 2)], []), settings)
    assert file.name == "2026-01-02T03-04-05.json"
    assert load(file.stem, settings) == {**make_run([found("q1", 2)], []), "name": file.stem}
    assert load(str(file), settings) == load("last", settings)


def test_two_runs_of_one_second_are_both_kept(settings, make_run):
    first, second = (save(make_run([], []), settings) for _ in range(2))
    assert first != second
    assert load("last", settings)["name"] == second.stem


def test_a_deleted_run_does_not_cost_a_later_one(settings, make_run):
    first, second = (save(make_run([], []), settings) for _ in range(2))
    first.unlink()
    third = save(make_run([], []), settings)
    assert third not in (first, second)
    assert load("last", settings)["name"] == third.stem


def test_a_name_of_no_run_says_which_there_are(settings, make_run):
    with pytest.raises(InputError, match=r"no stored run x\.\nhint: Make one: lab eval"):
        load("x", settings)
    save(make_run([], []), settings)
    with pytest.raises(InputError, match=r"Choose one of: last, 2026-01-02T03-04-05"):
        load("x", settings)


@pytest.mark.parametrize("text", ["[]", "1", "{", '{"summary": {}}', '{"summary": null}'])
def test_a_file_that_is_no_run_is_told(settings, tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match="is no stored run"):
        load(str(tmp_path / "x.json"), settings)


@pytest.mark.parametrize(
    "change",
    [
        {"top_k": 5},
        {"rerank_candidates": 9},
        {"rerank_model": "other"},
        {"rerank_url": "http://127.0.0.1:9"},
        {"context_budget": 900},
        {"prompts": "my-prompts"},
    ],
)
def test_every_setting_that_decides_is_noted(change):
    before, after = deciding(load_settings()), deciding(load_settings(**change))
    assert before != after
    assert json.loads(json.dumps(after)) == after


def test_a_comparison_names_what_differs(make_run, found, shown):
    before = make_run([found("q1", 2), found("q2", 0)], [shown("quoted", True)])
    after = make_run([found("q1", 0, 2), found("q2", 0)], [shown("refused", False)], name="b", settings={"top_k": 3})
    difference = compare(before, after)
    assert difference["settings"] == [{"name": "top_k", "before": 4, "after": 3}]
    assert difference["retrieval"] == [{"question": "hybrid q1", "before": "place 1", "after": "place 2"}]
    assert difference["answers"] == [{"question": "q1", "before": "quoted, right", "after": "refused, wrong"}]
    assert {"of": "hybrid en hit@1", "before": 0.5, "after": 0.0} in difference["figures"]


def test_a_run_compared_with_itself_has_no_changed_question(make_run, found, shown):
    run = make_run([found("q1", 2)], [shown("quoted", True)])
    difference = compare(run, run)
    assert not difference["settings"] + difference["retrieval"] + difference["answers"]


def test_tables_fit_into_a_narrow_terminal_and_mark_missed_goals(make_run, found, shown):
    rows = [found(f"q{n}", 0, language=language) for n in range(120) for language in ("en", "ja")]
    text = text_of(tables(make_run(rows, [shown("quoted", True)])))
    assert "0.000 <0.95" in text
    assert "shown_correct" in text
    assert "…" not in text


def test_a_comparison_is_shown_as_tables(make_run, found):
    before, after = make_run([found("q1", 2)], []), make_run([found("q1", 0)], [], name="b")
    assert "not found" in text_of(compared(compare(before, after)))


def test_a_calibration_marks_what_it_chose():
    curve = [{"threshold": value, "refused_unanswerable": 0.9, "refused_answerable": 0.1} for value in (0.68, 0.70)]
    result = {"curves": {"covered": curve}, "chosen": {"covered": 0.70}, "embed_model": "all-minilm", "chat_model": "x"}
    text = text_of(calibrated(result))
    assert "0.70 <" in text
    assert "0.68 <" not in text


@pytest.mark.parametrize("answers", [True, False])
def test_a_picture_is_written(make_run, found, shown, tmp_path, answers):
    rows = [shown("refused", True, answerable=False), shown("quoted", True, language="ja")] if answers else []
    save_plot(make_run([found("q1", 2)], rows), tmp_path / "new" / "a.png")
    assert (tmp_path / "new" / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_an_unknown_kind_says_what_to_do(make_run, found, tmp_path):
    with pytest.raises(InputError, match=r"Name a file that ends in \.png"):
        save_plot(make_run([found("q1", 2)], []), tmp_path / "a.xyz")
