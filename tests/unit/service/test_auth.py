import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import SettingError
from lab.service.auth import Keys, check_address, digest, is_near, new_key, origins, sent_key
from lab.settings import load_settings

ANN, BOB = "key-of-ann", "key-of-bob"
BOTH = f"ann:{digest(ANN)}, bob:{digest(BOB).upper()}"


@pytest.mark.parametrize(("key", "owner"), [(ANN, "ann"), (BOB, "bob"), ("", ""), ("key-of-an", ""), (digest(ANN), "")])
def test_a_key_has_the_name_it_was_given(key, owner):
    assert Keys(BOTH).owner(key) == owner


@given(st.text().filter(lambda key: key not in (ANN, BOB)))
def test_whatever_else_is_sent_is_nobodys_key(key):
    assert Keys(BOTH).owner(key) == ""


@pytest.mark.parametrize("text", ["ann", "ann:abc", f"ann:{ANN}", f":{digest(ANN)}", f"a b:{digest(ANN)}", f"{BOTH},bob:{digest('x')}"])
def test_an_entry_that_cannot_be_read_stops_the_start_and_says_how_to_make_one(text):
    with pytest.raises(SettingError) as error:
        Keys(text)
    assert "API_KEYS" in error.value.what and error.value.hint


def test_a_new_key_is_long_and_never_the_same():
    made = {new_key() for _ in range(50)}
    assert len(made) == 50 and min(map(len, made)) >= 40
    assert Keys(f"ann:{digest(min(made))}").owner(min(made)) == "ann"


@pytest.mark.parametrize(
    ("authorization", "x_api_key", "key"),
    [
        ("Bearer abc", "", "abc"),
        ("bearer  abc ", "", "abc"),
        ("", "abc", "abc"),
        ("Basic YWJj", "", ""),
        ("Bearer a", "b", "a"),
        ("", "", ""),
    ],
)
def test_a_key_comes_in_either_header(authorization, x_api_key, key):
    assert sent_key(authorization, x_api_key) == key


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "api:8000", "192.168.1.9", "api.rag.svc.cluster.local", ""]
)
def test_names_of_machines_nearby_are_near(host):
    assert is_near(host)


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:8000", "8.8.8.8", "127.0.0.1.evil.com"])
def test_names_from_elsewhere_are_not(host):
    assert not is_near(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.9", "example.com"])
def test_without_keys_it_does_not_listen_beyond_this_machine(host):
    with pytest.raises(SettingError) as error:
        check_address(host, load_settings(lab_place="embedded"))
    assert "lab key" in error.value.hint


@pytest.mark.parametrize(
    ("host", "values"),
    [("127.0.0.1", {}), ("localhost", {}), ("0.0.0.0", {"api_keys": BOTH}), ("0.0.0.0", {"lab_place": "compose"})],
)
def test_it_listens_where_that_is_no_danger(host, values):
    check_address(host, load_settings(**values))


def test_origins_are_listed_by_name():
    assert origins("http://localhost:3000, https://rag.example.com") == ["http://localhost:3000", "https://rag.example.com"]
    assert origins("") == []


@pytest.mark.parametrize("text", ["*", "localhost:3000", "http://localhost:3000/", "http://a.b/c", "null", "http://*.example.com"])
def test_what_no_browser_sends_as_an_origin_is_refused(text):
    with pytest.raises(SettingError, match="API_ORIGINS"):
        origins(text)


def test_an_entry_that_is_wrong_is_not_repeated_as_it_may_be_a_key():
    with pytest.raises(SettingError, match="entry 2") as error:
        Keys(f"me:{digest('a')}, sk-secret-value")
    assert "secret" not in str(error.value)
