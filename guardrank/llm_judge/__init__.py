"""GPT-4 and any OpenAI-compatible chat model as a judge: prompts, cache, cost.

    judge = ChatJudge(ChatSettings(model="gpt-4o-2024-08-06", max_cost=5.0))
    print(judge.estimate(records))
    for verdict in judge.score(records):
        print(verdict.id, verdict.score, verdict.error)

Needs the ``agree`` extra when a judge is opened, and not before.
"""

from guardrank.llm_judge.calls import Call, Usage
from guardrank.llm_judge.estimate import Estimate, estimate
from guardrank.llm_judge.judge import ChatJudge
from guardrank.llm_judge.settings import ChatSettings

__all__ = ["Call", "ChatJudge", "ChatSettings", "Estimate", "Usage", "estimate"]
