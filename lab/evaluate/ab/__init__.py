"""A/B tests of the pipeline: who gets which variant, what was measured, and whether a difference is more than chance.

manager = ABTestManager()
manager.create_experiment("reranking", [ExperimentVariant("none", {}, 0.5), ExperimentVariant("mmr", {"diversity": 0.3}, 0.5)])
manager.assign_variant("reranking", "user_7").config
manager.record_result("reranking", "mmr", "hit@3", 1.0, "user_7")
manager.analyze_results("reranking", "hit@3")
"""

from lab.evaluate.ab.experiment import Experiment
from lab.evaluate.ab.manager import ABTestManager
from lab.evaluate.ab.plan import Guardrail, Plan
from lab.evaluate.ab.variant import ExperimentVariant

__all__ = ["ABTestManager", "Experiment", "ExperimentVariant", "Guardrail", "Plan"]
