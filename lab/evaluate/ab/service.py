"""The pipeline under experiment: each user gets the pipeline of their variants, and every question leaves its figures.

Times are by stage: with one time for both experiments, the reranker's seconds would be in the figures of the chunk sizes.
Nothing is cached here: `lab.service` keeps answers, and its keys do not hold the variants.
"""

from typing import TYPE_CHECKING, Any, cast

from lab.evaluate.ab.experiments import CHUNKING, CHUNKS, RERANKING, changed, create
from lab.evaluate.ab.manager import ABTestManager
from lab.evaluate.facts import correct
from lab.evaluate.judge import Judge, Verdict
from lab.evaluate.questions import Question
from lab.evaluate.ranking import hit, reciprocal_rank
from lab.evaluate.relevance import SECTION, grade
from lab.evaluate.run import Progress
from lab.settings import Settings, get_settings

if TYPE_CHECKING:
    from lab.rag.answer import Answer
    from lab.rag.pipeline import Rag
    from lab.rag.retrieve import Hit
    from lab.rag.search import Found

Figures = dict[str, float]


class ABTestedRAGService:
    """Searches and answers for users who are in both experiments, independently of each other."""

    def __init__(self, settings: Settings | None = None, manager: ABTestManager | None = None, users: int = 0, version: int = 1):
        self.settings = settings or get_settings()
        self.manager = manager or ABTestManager()
        self._pipelines: dict[tuple[str, str], Rag] = {}
        self.experiments = create(self.manager, self.settings, users, version)

    def index(self, progress: Progress = lambda done, total, what: None) -> dict[str, int]:
        """Bring each chunk size's own collection into agreement with the documents; gives the chunks of each."""
        no_rerank = self.experiments[1].baseline
        return {
            name: self.pipeline(name, no_rerank).ingest(self.settings.corpus, lambda done, all_, of: progress(done, all_, of)).chunks
            for name in CHUNKS
        }

    def pipeline(self, chunking: str, reranking: str) -> "Rag":
        """The pipeline of two variants, opened once."""
        from lab.rag.pipeline import Rag

        if (chunking, reranking) not in self._pipelines:
            one, other = (of.variant(name).config for of, name in zip(self.experiments, (chunking, reranking), strict=True))
            own = {"collection": f"{self.settings.collection}-{chunking}"}
            self._pipelines[chunking, reranking] = Rag.open(changed(self.settings, one, other, own))
        return self._pipelines[chunking, reranking]

    def warm(self, question: str = "What is a volume?") -> None:
        """One search in each pipeline that no figure counts: else the first user of each pays for loading it."""
        chunking, reranking = self.experiments
        for one in chunking.variants:
            for other in reranking.variants:
                self.pipeline(one.name, other.name).search(question)

    def search(self, user_id: str, question: Question | str) -> "list[Hit]":
        """The passages for this user. What is known about the question decides which figures there are."""
        from lab.rag.timings import Clock

        with self.manager.observe(user_id, *self.experiments) as seen:
            rag, clock = self._of(seen.variants), Clock()
            hits = rag.retriever.run(_text(question), rag.settings.top_k, None, clock).hits
            seen.record({**_times(clock.read()), **_ranked(question, hits)})
        return hits

    def ask(self, user_id: str, question: Question | str) -> "Answer":
        """The answer for this user."""
        with self.manager.observe(user_id, *self.experiments) as seen:
            first, *_, last = self._of(seen.variants).steps(_text(question))  # what was found, the model's words, the answer
            found, answer = cast("Found", first), cast("Answer", last)
            shown = {"refused": float(answer.state == "refused")}
            if isinstance(question, Question) and question.answerable:
                shown["correct"] = float(answer.state != "refused" and correct(question, answer.answer))
            seen.record({**_times(answer.timings), **_ranked(question, found.hits), **shown})
        return answer

    async def rate(self, user_id: str, question: Question, answer: "Answer", judge: Judge) -> Verdict:
        """A judge's points as figures of the user's variants. For afterwards: no user waits for a judge.

        `judge_failed` counts the answers without points, so that `judge_points` hides none. A look leaves out what is recorded
        after its next user came: where points decide, rate each answer in time, or let no more users come than planned.
        """
        verdict = await judge.score(question.question, answer.answer, question.answer or "")
        figures = {"judge_failed": float(verdict.failed), **({} if verdict.points is None else {"judge_points": verdict.points})}
        for experiment in self.experiments:
            for name, value in figures.items():
                self.manager.record_result(experiment, experiment.variant_of(user_id), name, value, user_id)
        return verdict

    def _of(self, variants: Any) -> "Rag":
        return self.pipeline(variants[CHUNKING].name, variants[RERANKING].name)


def _text(question: Question | str) -> str:
    return question if isinstance(question, str) else question.question


def _times(milliseconds: dict[str, float]) -> Figures:
    """Every stage is a figure of its own; one that did not happen took no time."""
    return {f"{stage}_ms": value for stage, value in {"rerank": 0.0, **milliseconds}.items()}


def _ranked(question: Question | str, hits: "list[Hit]") -> Figures:
    """What the ranking is worth, when it is known where the answer stands. A passage twice as long says more: so count it."""
    figures = {"characters": float(sum(len(one.text) for one in hits))}
    if isinstance(question, str) or not question.answerable:
        return figures
    grades = [grade(question, one.source, one.section, one.text) for one in hits]
    return {**figures, **{f"hit@{k}": float(hit(grades, k, SECTION)) for k in (1, 3)}, "mrr": reciprocal_rank(grades, SECTION)}
