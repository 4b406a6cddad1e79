"""ChatOptions: how chat models are asked, as the options of a command say; each ``openai:MODEL`` judge alike.

options ──settings("gpt-4o")──> ChatSettings ──> ChatJudge
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from guardrank.annotations.questions import Question
from guardrank.llm_judge.settings import OPENAI_URL, ChatSettings


@dataclass(frozen=True)
class ChatOptions:
    """What the user may say of chat models.

    Attributes:
        base_url: of an OpenAI-compatible endpoint; None for OpenAI's own.
        max_cost: dollars that all of them together may cost.
        dry_run: say what they would cost, and send nothing.
        images: the folder that the records' images are relative to; None shows none.
        key_env: the environment variable with the key; OPENAI_API_KEY unless named.
        prices: a file of the form of data/prices.yaml, which goes first.
        ask_again: ask anew where a cached answer had no score.
    """

    base_url: str | None = None
    max_cost: float | None = None
    dry_run: bool = False
    few_shot: bool = False
    images: Path | None = None
    concurrency: int = 8
    key_env: str | None = None
    prices: Path | None = None
    ask_again: bool = False

    def settings(
        self, model: str, *, question: Question | None = None, calls: Path | None = None, spent: float = 0.0
    ) -> ChatSettings:
        """What a judge that asks ``model`` is told.

        Args:
            question: asked in the place of the dimensions' rubric.
            calls: where its calls are written down.
            spent: dollars of ``max_cost`` that are gone already.

        Raises:
            UsageError: the base URL is none.
        """
        return ChatSettings(
            model=model,
            base_url=self.base_url or OPENAI_URL,
            question=question,
            few_shot=self.few_shot,
            images=self.images,
            concurrency=self.concurrency,
            key_env=self.key_env,
            prices=self.prices,
            ask_again=self.ask_again,
            max_cost=None if self.max_cost is None else max(self.max_cost - spent, 0.0),
            calls=calls,
        )
