"""TEMPLATE: Go's text/template as far as models use it, and Ollama's handling of chats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.engine.errors import EngineError
from lab.engine.template import render

CHAT = [
    {"role": "system", "content": "S"},
    {"role": "user", "content": "U1"},
    {"role": "assistant", "content": "A1"},
    {"role": "user", "content": "U2"},
]
CHATML = "{{- range .Messages }}<{{ .Role }}>{{ .Content }}</>{{ end }}<assistant>"
LEGACY = "{{ if .System }}<system>{{ .System }}</>{{ end }}{{ if .Prompt }}<user>{{ .Prompt }}</>{{ end }}<assistant>{{ .Response }}</>"
CHAT_TEXT = "<system>S</><user>U1</><assistant>A1</><user>U2</><assistant>"


def test_template_with_messages_gets_the_whole_chat():
    assert render(CHATML, messages=CHAT) == CHAT_TEXT


def test_legacy_template_is_filled_in_once_per_turn_and_ends_at_the_response():
    assert render(LEGACY, messages=CHAT) == CHAT_TEXT


def test_started_answer_stands_at_the_end():
    assert render(LEGACY, messages=CHAT, response="Once") == CHAT_TEXT + "Once"


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text("ab ", min_size=1, max_size=3)), max_size=6))
def test_both_kinds_of_template_agree_on_chats_that_end_with_a_question(turns):
    messages = [{"role": role, "content": text} for role, text in turns] + [{"role": "user", "content": "?"}]
    assert render(CHATML, messages=messages) == render(LEGACY, messages=messages)


def test_system_and_prompt_alone_make_one_turn():
    assert render(LEGACY, system="S", prompt="U") == "<system>S</><user>U</><assistant>"


def test_template_without_response_gets_it_at_its_end():
    assert render("Q: {{ .Prompt }}\nA: ", prompt="why?", response="be") == "Q: why?\nA: be"


def test_neighbours_of_one_role_become_one_message():
    messages = [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]
    assert render(CHATML, messages=messages) == "<user>one\n\ntwo</><assistant>"


def test_results_of_tools_stay_apart():
    messages = [{"role": "tool", "content": "1"}, {"role": "tool", "content": "2"}]
    assert render(CHATML, messages=messages) == "<tool>1</><tool>2</><assistant>"


def test_system_is_all_system_messages_joined():
    messages = [{"role": "system", "content": "a"}, {"role": "user", "content": "u"}, {"role": "system", "content": "b"}]
    assert render("{{ .System }}|{{ len .Messages }}", messages=messages) == "a\n\nb|3"


def test_calls_of_tools_have_their_go_names():
    call = {"function": {"name": "f", "arguments": {"some_key": 1}}}
    template = "{{ range .Messages }}{{ range .ToolCalls }}{{ .Function.Name }}{{ .Function.Arguments }}{{ end }}{{ end }}"
    assert render(template, messages=[{"role": "assistant", "content": "", "tool_calls": [call]}]) == 'f{"some_key":1}'


def test_last_message_is_found_as_model_templates_find_it():
    template = (
        "{{- range $i, $_ := .Messages }}\n"
        "{{- $last := eq (len (slice $.Messages $i)) 1 }}\n"
        '{{- if eq .Role "user" }}[{{ .Content }}]{{ if $last }}!{{ end }}\n'
        '{{- else if eq .Role "assistant" }}<{{ .Content }}>\n'
        "{{- else }}{{ with .Content }}({{ . }}){{ end }}{{ end }}\n"
        "{{- end }}"
    )
    assert render(template, messages=CHAT) == "(S)[U1]<A1>[U2]!"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("a {{- 1 -}} b", "a1b"),
        ("a {{ 1 }} b", "a 1 b"),
        ("{{/* nothing */}}x{{- /* here */ -}} y", "xy"),
        ("{{ -3 }}", "-3"),
        ('{{ "}}" }}', "}}"),
        (r'{{ "a\n\"é\"\u00e9" }}', 'a\n"é"é'),
        (r"{{ `a\n` }}", r"a\n"),
        ("{{ true }} {{ 1.5 }}", "true 1.5"),
        ("{{ .Nothing }}", "<no value>"),
        ("{{ if .Nothing.Deeper }}x{{ else }}y{{ end }}", "y"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"),
        ("{{ range $i, $x := .Messages }}{{ $i }}{{ $x.Role }} {{ end }}", "0system 1user 2assistant 3user "),
        ("{{ range $x := .Messages }}{{ $x.Content }}{{ end }}", "SU1A1U2"),
        ("{{ range .Messages }}{{ if eq .Content `A1` }}{{ break }}{{ end }}{{ .Content }}{{ end }}", "SU1"),
        ('{{ range .Messages }}{{ if ne .Role "user" }}{{ continue }}{{ end }}{{ .Content }}{{ end }}', "U1U2"),
        ("{{ range .Tools }}x{{ else }}none{{ end }}{{ len .Messages }}", "none4"),
        ("{{ with .Tools }}x{{ else }}none{{ end }}{{ len .Messages }}", "none4"),
        ("{{ (index .Messages 1).Content }}", "U1"),
        ("{{ and 1 0 }} {{ or 0 2 }} {{ not 0 }} {{ and true .Messages | len }}", "0 2 true 4"),
        ("{{ if or false (and .Messages true) }}x{{ end }}", "x"),
        ("{{ eq 1 2 1 }} {{ lt 1 2 }} {{ ge 1 2 }}", "true true false"),
        ('{{ len "é" }} {{ slice "abcdef" 1 3 }} {{ index .Messages 0 | json }}', '2 bc {"Content":"S","Role":"system"}'),
        ('{{ printf "%s-%d-%q-%v%%" "a" 1 "b" true }} {{ print 1 "x" }}', 'a-1-"b"-true% 1x'),
        ('{{ "x" | printf "%s%s" "y" }}', "yx"),
        ("{{ if .Messages }}\n\n{{- end }}done", "done"),
    ],
)  # fmt: skip
def test_syntax_means_what_it_means_in_go(template, text):
    messages = "" if ".Messages" in template else "{{ if .Messages }}{{ end }}"
    assert render(messages + template, messages=CHAT) == text


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ if .A }}x", "unexpected EOF: {{if}} is not closed by {{end}}"),
        ("a\n{{ end }}", ":2: unexpected {{end}}"),
        ("{{ shout .A }}", 'function "shout" not defined'),
        ("{{ .A", "unclosed action"),
        ('{{ template "x" }}', "{{template}} is not supported"),
        ("{{ }}", "missing value"),
        ("{{ ( .A }}", "unexpected"),
        ("{{ .A ) }}", "unexpected"),
        ("{{ ; }}", "unexpected"),
        ("{{ $x }}", 'undefined variable "$x"'),
        ("{{ 1 2 }}", "can't give argument to non-function"),
        ("{{ index .Messages 99 }}", "error calling index"),
        ("{{ slice .Messages 2 99 }}", "error calling slice"),
        ("{{ lt 1 `a` }}", "error calling lt"),
        ("{{ len 3 }}", "error calling len"),
        ("{{ range 1.5 }}{{ end }}", "range can't iterate"),
        ("{{ .Messages.Role }}", "can't evaluate field Role"),
        ("{{ range .Messages }}{{ else }}{{ else }}{{ end }}", "expected end"),
        ("(" * 3 + "{{ " + "(" * 5000, "template:"),
    ],
)
def test_what_cannot_be_read_or_filled_in_is_named(template, reason):
    with pytest.raises(EngineError) as raised:
        render(template, messages=CHAT)
    assert raised.value.status == 400
    assert reason in raised.value.message


@given(st.text(alphabet='{}-. ()$|"`abMessagesifendrange:=\n', max_size=40))
def test_any_text_is_filled_in_or_refused(template):
    try:
        assert isinstance(render(template, messages=CHAT), str)
    except EngineError as error:
        assert error.message.startswith("template: ")
