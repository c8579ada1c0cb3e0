import asyncio
import time

from lab.observe.metrics import Metrics
from lab.service.gate import Gate
from lab.service.models import Readiness
from lab.service.pipelines import Pipelines
from lab.service.readiness import Look, read_readiness
from lab.settings import load_settings


def make_look(probe, metrics=None) -> tuple[Look, Gate]:
    settings = load_settings()
    gate = Gate(Pipelines(settings, lambda settings: settings), settings)
    return Look(settings, probe, gate, metrics or Metrics()), gate


def test_all_who_ask_at_once_share_one_look():
    asked = []

    def probe(settings) -> Readiness:
        asked.append(1)
        time.sleep(0.05)
        return Readiness(status="ready", checks={"chroma": "ok"})

    async def scene():
        look, _ = make_look(probe)
        together = await asyncio.gather(*(look.now() for _ in range(50)))
        await look.now()
        return together

    assert {one.status for one in asyncio.run(scene())} == {"ready"}
    assert len(asked) == 2


def test_an_api_that_is_about_to_stop_is_not_ready():
    async def scene():
        look, gate = make_look(lambda settings: Readiness(status="ready", checks={}))
        gate.drain()
        return await look.now()

    assert asyncio.run(scene()).checks == {"api": "stopping"}


def test_the_last_look_is_a_metric():
    metrics = Metrics()
    look, _ = make_look(lambda settings: Readiness(status="not ready", checks={"chroma": "away", "ollama": "ok"}), metrics)
    asyncio.run(look.now())
    up = [metrics.registry.get_sample_value("rag_dependency_up", {"dependency": name}) for name in ("chroma", "ollama")]
    assert up == [0, 1]


def test_redis_is_asked_where_the_lab_has_one(free_port):
    away = {"chroma_port": free_port(), "ollama_host": f"http://127.0.0.1:{free_port()}"}
    assert "redis" not in read_readiness(load_settings(**away)).checks
    assert read_readiness(load_settings(**away, compose_profiles="production", redis_port=free_port())).checks["redis"] == "away"
