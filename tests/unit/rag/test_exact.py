import pytest

from lab.rag.exact import denies, missing, particle, same_numbers, unknown_names, unknown_numbers

SOURCE = (
    "Chroma listens on port 8000. Run `docker compose up -d`.\n```\nGET /api/v2/heartbeat\n```\nall-minilm reads 256 tokens; NUM_CTX 4,096."
)


@pytest.mark.parametrize(
    ("sentence", "lost"),
    [
        ("Chroma listens on port 8000.", set()),
        ("Chroma listens on port 8001.", {"8001"}),
        ("Ask /api/v2/heartbeat.", set()),
        ("Ask /api/v1/heartbeat.", {"/api/v1/heartbeat"}),
        ("Run `docker compose up -d`.", set()),
        ("Run `docker compose up`.", set()),
        ("Run `docker volume prune`.", {"docker volume prune"}),
        ("Use the `port` command.", {"port"}),  # the word stands there, but not as code
        ("Call delete_model() now.", {"delete_model()"}),
        ("Set NUM_CTX to 4,096.", set()),
        ("Set NUM_PREDICT.", {"NUM_PREDICT"}),
        ("Use docker compose up --wait.", {"--wait"}),
        ("The model all-minilm reads 256 tokens.", set()),
        ("It is faster than Django.", {"Django"}),
        ("Listens_on is a word.", {"Listens_on"}),
    ],
)
def test_what_the_source_does_not_contain_exactly_is_missing(sentence, lost):
    assert missing(sentence, SOURCE) == lost


@pytest.mark.parametrize(
    ("sentence", "lost"),
    [
        ("ポート8000を使います。", set()),
        ("ポート8001を使います。", {"8001"}),
        ("NUM_CTXを増やします。", {"NUM_CTX"}),
        ("DockerのAPIです。", {"API"}),
    ],
)
def test_exact_parts_are_found_in_japanese_without_blanks(sentence, lost):
    assert missing(sentence, "Chromaはポート8000で待ち受ける。") == lost


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How do I start Kafka?", {"Kafka"}),
        ("Is CHROMA fast?", set()),
        ("Reactのフックとは？", set()),
        ("KAFKA_HOMEとは？", {"KAFKA_HOME"}),
    ],
)
def test_names_that_no_source_knows(question, expected):
    assert unknown_names(question, SOURCE) == expected


def test_numbers_are_found_in_japanese_without_blanks():
    assert unknown_numbers("ポート8001は何ですか。", "ポート8000です。") == {"8001"}


def test_code_may_stand_as_prose_in_a_text_without_code():
    assert missing("Use `port 8000`.", "Chroma listens on port 8000.") == set()


def test_a_capital_at_the_start_of_a_sentence_is_no_difference():
    assert missing("Num_ctx is a setting.", "Set num_ctx to 1.") == set()


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Models are deleted.", False),
        ("Models are not deleted.", True),
        ("It doesn't work.", True),
        ("It remembers nothing.", True),
        ("No, models are kept.", False),
        ("You cannot not see it.", False),
        ("モデルは削除されません。", True),
        ("モデルは残ります。", False),
        ("ポートを公開しなければなりません。", False),
        ("メモリは少ないかもしれません。", False),
        ("アップロードは失敗します。", True),
    ],
)
def test_a_denial_is_seen(sentence, expected):
    assert denies(sentence) is expected


@pytest.mark.parametrize(
    ("sentence", "expected"), [("Yes, it is.", "yes"), ("no: it is not", "no"), ("いいえ、残ります。", "no"), ("Nobody knows.", "")]
)
def test_a_yes_or_no_at_the_start_is_seen(sentence, expected):
    assert particle(sentence) == expected


@pytest.mark.parametrize(
    ("question", "expected"), [("exit code 137?", {"137"}), ("port 8000?", set()), ("v2 or gpt4?", set()), ("is it 4,096?", set())]
)
def test_numbers_that_no_source_knows(question, expected):
    assert unknown_numbers(question, SOURCE) == expected


@pytest.mark.parametrize(
    ("sentence", "same"),
    [
        ("It uses port 8000 inside, and 8001 outside.", True),
        ("It uses port 8001.", True),
        ("It uses no port.", True),
        ("It uses port 8001 inside, and 8000 outside.", False),
        ("It uses port 8000 on port 8001 to listen on port 8001.", False),
    ],
)
def test_numbers_keep_their_places(sentence, same):
    assert same_numbers(sentence, "It listens on 8000 in its container; this lab uses 8001.") == same
