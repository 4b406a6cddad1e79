"""Who made a model, by its name: a judge may favour its own family.

Only names that leave no doubt: MiniGPT-4 or GPT4All are not OpenAI's, Vicuna is nobody's and stays unknown.
"""

from __future__ import annotations

import re

_MAKERS = {
    "OpenAI": r"(chat-?)?gpt-?[2-5](?!all)|chat-?gpt|text-davinci|o[134](-|$)|omni-moderation",
    "Anthropic": r"claude",
    "Google": r"gemini|gemma|palm(?!yra)|bard\b",
    "Meta": r"(meta-)?llama",
    "Alibaba": r"qwen|qwq",
    "Mistral": r"mistral|mixtral",
    "DeepSeek": r"deepseek",
    "Zhipu": r"chatglm|glm-?\d",
}
_PREFIX = re.compile(r"/|--|:")
"""What ends an organisation's name: ``openai/gpt-4o``, ``Qwen--Qwen2-VL``, ``openai:gpt-4o``."""


def same_family(rater: str, model: str) -> bool:
    """Whether both names are the same, or of one maker's models: ``gpt-4`` and ``chatgpt``."""
    maker = _maker(rater)
    return _bare(rater) == _bare(model) or (maker is not None and maker == _maker(model))


def _bare(name: str) -> str:
    return _PREFIX.split(name.casefold())[-1].strip()


def _maker(name: str) -> str | None:
    bare = _bare(name)
    return next((maker for maker, pattern in _MAKERS.items() if re.match(pattern, bare)), None)
