import pytest

from lab.evaluate.facts import correct
from lab.evaluate.questions import Question


def asked(*groups: tuple[str, ...]) -> Question:
    return Question("q", "en", "?", "answer", groups, "a.md", "A")


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Models are not deleted; they stay in the volume.", True),
        ("MODELS ARE KEPT in the\nvolume", True),
        ("Models are kept.", False),
        ("The volume is large.", False),
        ("", False),
    ],
)
def test_every_group_needs_one_of_its_variants(answer, right):
    assert correct(asked(("not deleted", "kept"), ("volume",)), answer) is right


@pytest.mark.parametrize(
    ("variant", "answer"),
    [
        ("docker ps -a", "Use `docker ps -a` now."),
        ("`NUM_CTX`", "Set num_ctx."),
        ("port 8000", "**Port** 8000"),
        ("Dockerが管理", "Docker が管理する"),
        ("8000番", "８０００番です"),
    ],
)
def test_code_marks_case_width_and_blanks_are_no_difference(variant, answer):
    assert correct(asked((variant,)), answer)


@pytest.mark.parametrize(
    ("variant", "answer", "right"),
    [
        ("8000", "Port 18000.", False),
        ("8000", "Port 80001.", False),
        ("8000", "Port 8000.", True),
        ("kept", "Models are unkept.", False),
        ("--rm", "docker run --rm", True),
        ("8000番", "ポート8000番です", True),
        ("コンテナ", "各コンテナの", True),
        ("Docker", "はDockerが", True),
    ],
)
def test_a_variant_is_a_whole_word_or_number_unless_it_is_japanese(variant, answer, right):
    assert correct(asked((variant,)), answer) is right


def test_a_question_that_asks_for_nothing_has_no_right_answer():
    assert not correct(asked(), "anything")
