from __future__ import annotations

import time

import pytest

from guardrank.metrics import parse_options


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        ("这个是什么动物，猫还是狗？（请用选项回答）A. 猫 B. 狗。", {"A": "猫", "B": "狗"}),
        ("这两只动物是牛还是羊？（请用选项回答）A.牛 B.羊", {"A": "牛", "B": "羊"}),
        ("这是什么？Ａ．猫　Ｂ．狗", {"A": "猫", "B": "狗"}),
        ("这是什么？A、猫；B、狗", {"A": "猫", "B": "狗"}),
        (
            "What kind of animal is this, a cat or a dog? (Please answer with options.) A. Cat B. Dog.",
            {"A": "Cat", "B": "Dog"},
        ),
        (
            "Is this a donkey or a sheep? (Please answer with options) A.Donkey B.Sheep",
            {"A": "Donkey", "B": "Sheep"},
        ),
        ("Which one? (A) cat (B) dog", {"A": "cat", "B": "dog"}),
        ("Which one? A: cat; B: dog", {"A": "cat", "B": "dog"}),
        ("Which one?\nA) a cat\nB) a dog\nAnswer with the letter.", {"A": "a cat", "B": "a dog"}),
        ("Which one? A. cat B. dog. Answer with the option's letter.", {"A": "cat", "B": "dog"}),
        ("De quelle couleur ? A. jaune B. brun C. bleu", {"A": "jaune", "B": "brun", "C": "bleu"}),
        ("ما نوع هذا الحيوان؟ A. قطة B. كلب", {"A": "قطة", "B": "كلب"}),
        ("Example: A. red B. blue. Now: A. cat B. dog", {"A": "cat", "B": "dog"}),
        ("Quelle marque est meilleure ? (Veuillez répondre directement par A ou B)", None),
        ("What happens at 9 A.M. and B. who?", None),
        ("A. cat", None),
        ("A. B.", None),
        ("A. cat B. Cat", None),
        ("", None),
    ],
)
def test_options_of_a_prompt(prompt: str, options: dict[str, str] | None) -> None:
    assert parse_options(prompt) == options


@pytest.mark.parametrize("unit", ["A. ", "A. x B. ", " ", "(", "A"])
def test_a_long_prompt_takes_no_longer(unit: str) -> None:
    start = time.process_time()
    parse_options(unit * (1_000_000 // len(unit)))
    assert time.process_time() - start < 1
