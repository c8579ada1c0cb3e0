import asyncio

from lab.evaluate.judge import Judge
from lab.rag.chat_model import chat_model
from lab.settings import Settings


def test_a_real_model_gives_points_in_the_form_of_the_schema(running_lab: Settings):
    judge = Judge(chat_model(running_lab, num_predict=200), attempts=2)
    verdict = asyncio.run(judge.score("Are models kept?", "Yes, in the volume.", "They are kept in the volume."))
    assert not verdict.failed, verdict.failures
    assert 1 <= verdict.points <= 5
