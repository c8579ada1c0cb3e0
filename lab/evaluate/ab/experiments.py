"""The two experiments of the pipeline: how documents are cut, and what happens to the order of the passages.

A config holds settings of the lab, so a variant that is not built cannot be measured: its name or value is refused.
"""

from typing import Any

from lab.errors import InputError
from lab.evaluate.ab.experiment import Experiment
from lab.evaluate.ab.manager import ABTestManager
from lab.evaluate.ab.plan import Guardrail, Plan
from lab.evaluate.ab.variant import ExperimentVariant
from lab.settings import Settings, load_settings

CHUNKING = "chunking_strategy"
RERANKING = "reranking_method"
CHUNKS = {"fixed_500": (500, 50), "fixed_1000": (1000, 100)}  # characters, and how many of them two chunks share
# The smallest chat model reads the first passage only, so hit@1 decides.
DECIDES = "hit@1"
# What the variants of each cost: a search in other chunks, and all stages together where one more stage does the work.
COST = {CHUNKING: "search_ms", RERANKING: "total_ms"}
SLOWER = 0.5
FAILING = 0.05  # with no failure at all this needs 73 users in the smallest group; 0.02 would need 189


def chunking() -> list[ExperimentVariant]:
    """Two sizes, cut by characters. Decided when documents are indexed, so each has a collection of its own."""
    return [
        ExperimentVariant(name, {"splitter": "characters", "chunk_size": size, "chunk_overlap": overlap}, 1 / len(CHUNKS))
        for name, (size, overlap) in CHUNKS.items()
    ]


def reranking(settings: Settings) -> list[ExperimentVariant]:
    """None, a cross-encoder, and maximal marginal relevance.

    With RERANK_URL the second is a real cross-encoder behind that address. Without, the embedding model reads the passages'
    sentences instead, and the variant's name says that it stands in.
    """
    real = bool(settings.rerank_url)
    second = ("cross_encoder", {"rerank": "endpoint"}) if real else ("cross_encoder_stand_in", {"rerank": "sentences"})
    return [
        ExperimentVariant("no_rerank", {"rerank": "none", "diversity": 0.0}, 0.33),
        ExperimentVariant(second[0], {**second[1], "diversity": 0.0}, 0.33),
        ExperimentVariant("mmr", {"rerank": "none", "diversity": 0.3}, 0.34),
    ]


def rails(name: str) -> tuple[Guardrail, ...]:
    """What must not get worse in this experiment."""
    return Guardrail("failed", FAILING), Guardrail(COST[name], SLOWER)


def create(manager: ABTestManager, settings: Settings, users: int, version: int = 1) -> tuple[Experiment, Experiment]:
    """Define both, or find them as they are. `users` are needed in each before anything is decided."""

    def made(name: str, variants: list[ExperimentVariant]) -> Experiment:
        for one in variants:
            changed(settings, one.config)
        return manager.create_experiment(name, variants, plan=Plan(DECIDES, users, guardrails=rails(name)), version=version)

    return made(CHUNKING, chunking()), made(RERANKING, reranking(settings))


def changed(settings: Settings, *configs: Any) -> Settings:
    """The settings with those of variants. Raises InputError for a setting that is not there, SettingError for its value."""
    values = {name: value for config in configs for name, value in config.items()}
    if unknown := sorted(set(values) - set(Settings.model_fields)):
        hint = "A variant changes settings that the pipeline reads; .env.example lists them."
        raise InputError(f"No part of the lab reads {', '.join(unknown)}, so this variant would measure nothing.", hint)
    return load_settings(**{**settings.model_dump(), **values})
