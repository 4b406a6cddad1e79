from __future__ import annotations

from itertools import permutations

import pytest

from guardrank.agreement.families import same_family

# names as they stand in the annotated data sets, and look-alikes
FAMILIES = [
    [
        "gpt-4",
        "GPT4",
        "ChatGPT",
        "gpt35",
        "openai/GPT-3.5-Turbo",
        "openai:gpt-4o-2024-05-13",
        "text-davinci-003",
        "o1-mini",
    ],
    ["Claude", "Anthropic/claude-3-5-sonnet-20240620"],
    ["gemini-1.5-pro", "google/gemini-1.5-flash-001", "PaLM-2", "bard"],
    ["llama2-7b-chat", "llama2orig", "meta-llama/Meta-Llama-3.1-8B-Instruct", "Llama-Guard-3-11B-Vision"],
    ["Qwen--Qwen2-VL-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct"],
    ["mistralinstruct", "mistralai/Mistral-7B-Instruct-v0.3"],
    ["chatglm2", "ChatGLM3-6B"],
]
STRANGERS = [
    "vicuna-7b",
    "MiniGPT-v2",
    "minigpt-4",
    "gpt4all-j",
    "alpaca-gpt4",
    "palmyra-x",
    "LlavaGuard-v1.2-7B-OV",
    "HuggingFaceM4--Idefics3-8B-Llama3",
    "fid",
    "newbing",
    "ours",
    "keyword",
    "o1x",
]


@pytest.mark.parametrize("family", FAMILIES)
def test_one_family(family: list[str]) -> None:
    apart = [pair for pair in permutations(family, 2) if not same_family(*pair)]
    assert apart == []


def test_not_one_family() -> None:
    names = [*(family[0] for family in FAMILIES), *STRANGERS]
    confused = [pair for pair in permutations(names, 2) if same_family(*pair)]
    assert confused == []


def test_the_same_name_is_one_family_whoever_made_it() -> None:
    assert same_family("lmsys/vicuna-7b", "Vicuna-7B")
