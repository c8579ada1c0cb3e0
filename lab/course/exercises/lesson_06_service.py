"""The exercises of 06, the RAG API, about a service that others call: two probes, and an allow-list for web pages."""

from collections.abc import Callable
from typing import Any

from lab.course.exercise import Wrong, WrongAnswer, exercise
from lab.course.serve import asking
from lab.course.text import text

SECRET = "/srv/private/settings.py"  # stands for what an exception tells about the inside

_PROBES = """
from fastapi.responses import JSONResponse

def add_probes(app, checks):
    def state(check):
        {}
    {}

    @app.get("/health")
    def health():
        {}

    @app.get("/ready")
    def ready():
        {}
        return {}
"""
_STATE = 'try:\n            return "ok" if check() else "away"\n        except Exception:\n            return "away"'
_READ = "states = {name: state(check) for name, check in checks.items()}"
_SAY = 'JSONResponse(states, 200 if set(states.values()) <= {"ok"} else 503)'


def _probes(state: str = _STATE, before: str = "", health: str = 'return {"status": "healthy"}', read: str = _READ, say: str = _SAY) -> str:
    return _PROBES.format(state, before, health, read, say)


@exercise(
    "probes",
    "add_probes",
    hints=(
        '`@app.get("/ready")` inside the function adds the route; `JSONResponse(states, 503)` answers with a status of your choice.',
        'Call each check inside `try`, and call an exception "away". Do that inside the route, so that it happens each time.',
    ),
    wrong={
        "no-ready": WrongAnswer("def add_probes(app, checks):\n    app.get('/health')(lambda: {})", "GET /ready"),
        "always-200": WrongAnswer(_probes(say="states"), "503"),
        "exception-gets-out": WrongAnswer(_probes(state='return "ok" if check() else "away"'), "raises"),
        "asked-once": WrongAnswer(_probes(before=_READ, read="pass"), "at each request"),
        "health-asks": WrongAnswer(_probes(health="states = [check() for check in checks.values()]"), "/health"),
        "false-is-ok": WrongAnswer(_probes(state=_STATE.replace('"ok" if check() else "away"', 'check() and "ok" or "ok"')), "false"),
        "no-detail": WrongAnswer(_probes(say=_SAY.replace("JSONResponse(states", "JSONResponse({}")), "one entry for each"),
    },
)
def probes(add_probes: Callable[[Any, dict[str, Callable[[], Any]]], Any]) -> None:
    """add_probes(app, checks) adds /health, which asks nobody, and /ready, which asks everybody each time."""
    from fastapi import FastAPI

    here, asked = {"chroma": True, "ollama": True}, list[str]()

    def chroma() -> bool:
        asked.append("chroma")
        return here["chroma"]

    def ollama() -> bool:
        asked.append("ollama")
        if not here["ollama"]:
            raise ConnectionError(SECRET)
        return True

    app = FastAPI()
    add_probes(app, {"chroma": chroma, "ollama": ollama})
    with asking(app) as client:
        _judge_health(client, asked)
        _judge_ready(client, {"chroma": "ok", "ollama": "ok"}, text("with both there"))
        for name, how in {"chroma": text("when a check returns false"), "ollama": text("when a check raises an exception")}.items():
            here[name] = False
            _judge_ready(client, {**{"chroma": "ok", "ollama": "ok"}, name: "away"}, how)
            here[name] = True
        _judge_ready(client, {"chroma": "ok", "ollama": "ok"}, text("with both back again"))


def _judge_health(client: Any, asked: list[str]) -> None:
    asked.clear()
    status = client.get("/health").status_code
    if status != 200:
        raise Wrong(text("GET /health should give 200, yours gave {status}.", status=status))
    if asked:
        raise Wrong(text("/health called a check. It only says that this process answers."))


def _judge_ready(client: Any, states: dict[str, str], when: str) -> None:
    status = 200 if set(states.values()) == {"ok"} else 503
    answer = client.get("/ready")
    if answer.status_code == 404:
        raise Wrong(text("GET /ready should be there, yours gave 404."))
    if answer.status_code == 500:
        raise Wrong(text("GET /ready gave 500 {when}. A check that raises means away.", when=when))
    if answer.status_code != status:
        said = text("GET /ready should give {status} {when}; yours gave {got}.", status=status, when=when, got=answer.status_code)
        raise Wrong(said + " " + text("Call the checks at each request."))
    if answer.json() != states:
        raise Wrong(
            text("GET /ready {when}: one entry for each dependency, {states}; yours gave {got}.", when=when, states=states, got=answer.text)
        )


_CORS = """
from fastapi.middleware.cors import CORSMiddleware

def allow_pages(app):
    app.add_middleware(CORSMiddleware, allow_origins={}, allow_methods={}, allow_headers={})
"""
PAGES = ("http://localhost:3000", "https://notes.example")
STRANGERS = (
    "http://localhost:3001",
    "https://localhost:3000",
    "http://notes.example",
    "https://notes.example.evil.test",
    "https://x.notes.example",
    "null",
)


def _cors(
    origins: str = "['http://localhost:3000', 'https://notes.example']",
    methods: str = "['GET', 'POST']",
    headers: str = "['Authorization', 'Content-Type']",
) -> str:
    return _CORS.format(origins, methods, headers)


@exercise(
    "allow-pages",
    "allow_pages",
    hints=(
        '`app.add_middleware(CORSMiddleware, allow_origins=[...], allow_methods=["GET", "POST"], allow_headers=[...])`.',
        "An origin is scheme, host and port, without a slash at the end.",
    ),
    wrong={
        "everybody": WrongAnswer(_cors("['*']"), "every"),
        "a-pattern": WrongAnswer(
            _cors().replace(
                "allow_origins=['http://localhost:3000', 'https://notes.example']", "allow_origin_regex='.*(localhost|notes)[.:].*'"
            ),
            "http://localhost:3001",
        ),
        "slash-at-the-end": WrongAnswer(_cors("['http://localhost:3000/', 'https://notes.example/']"), "slash"),
        "one-page": WrongAnswer(_cors("['http://localhost:3000']"), "https://notes.example"),
        "no-headers": WrongAnswer(_cors(headers="[]"), "authorization"),
        "get-only": WrongAnswer(_cors(methods="['GET']"), "POST"),
        "all-methods": WrongAnswer(_cors(methods="['*']"), "DELETE"),
        "another-app": WrongAnswer(_cors().replace("    app.", "    from fastapi import FastAPI\n    FastAPI()."), "the app that it gets"),
        "by-hand": WrongAnswer("def allow_pages(app):\n    app.options('/ask', status_code=204)(lambda: None)", "204"),
    },
)
def allow_pages(allow_pages: Callable[[Any], Any]) -> None:
    """allow_pages(app) lets pages of two origins read the answers, and no others."""
    from fastapi import FastAPI

    app = FastAPI()
    app.post("/ask")(lambda: {})
    allow_pages(app)
    with asking(app) as client:
        for page in PAGES:
            _judge_page(client, page)
        for page in STRANGERS:
            if _preflight(client, page).headers.get("access-control-allow-origin") or _allowed(client, page):
                raise Wrong(text("A page of {page} is let in. Scheme, host and port must all be equal to an entry of the list.", page=page))
        if _preflight(client, PAGES[0], method="DELETE").status_code == 200:
            raise Wrong(text("A page may send GET and POST; yours lets it send DELETE as well."))


def _preflight(client: Any, page: str, method: str = "POST", headers: str = "authorization, content-type") -> Any:
    asked = {"Origin": page, "Access-Control-Request-Method": method}
    return client.options("/ask", headers={**asked, "Access-Control-Request-Headers": headers} if headers else asked)


def _allowed(client: Any, page: str) -> str:
    return str(client.post("/ask", headers={"Origin": page}).headers.get("access-control-allow-origin", ""))


def _judge_page(client: Any, page: str) -> None:
    allowed = _allowed(client, page)
    if allowed == "*":
        raise Wrong(text("Your app lets every page read its answers: `*`. List the two origins."))
    if not _preflight(client, page, headers="").headers.get("access-control-allow-origin"):
        status = _preflight(client, page, headers="").status_code
        said = text("The preflight of {page} got {status} without `Access-Control-Allow-Origin`.", page=page, status=status)
        raise Wrong(said + " " + text("Is the middleware on the app that it gets, and the origin written without a slash at the end?"))
    for method in ("GET", "POST"):
        if _preflight(client, page, method, headers="").status_code != 200:
            raise Wrong(text("A page of {page} should be allowed to send {method}.", page=page, method=method))
    for header in ("authorization", "content-type"):
        if _preflight(client, page, headers=header).status_code != 200:
            raise Wrong(text("A page of {page} should be allowed to send the header {header}.", page=page, header=header))
