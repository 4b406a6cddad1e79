from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from guardrank.benchmark.case import Case
from guardrank.benchmark.redteam import Shown, apply_transform, transform_seed
from guardrank.benchmark.redteam.twins import attacked_twins, is_twin, parse_attack
from guardrank.errors import UsageError
from guardrank.metrics.matching import Half, match_pairs

NOISE, SWAP, JPEG = ("gaussian-noise", None), ("swap-options", None), ("jpeg", 0.5)


def case(number: int = 1, **fields: Any) -> Case:
    plain = {
        "id": f"t:{number}:ab",
        "task": "t",
        "prompt": "Cat or dog? A. cat B. dog",
        "images": ["1.png"],
        "dimension": "truthfulness",
        "subtask": "hallucination",
    }
    return Case.model_validate(plain | fields)


def test_each_case_is_followed_by_its_twins() -> None:
    cases, unfit = attacked_twins([case(1), case(2, images=[])], [NOISE, SWAP], seed=5)
    assert [each.id for each in cases] == [
        "t:1:ab",
        "t:1:ab~gaussian-noise",
        "t:1:ab~swap-options",
        "t:2:ab",
        "t:2:ab~swap-options",
    ]
    assert unfit == {"gaussian-noise": 1, "swap-options": 0}
    assert [each.pair for each in cases] == ["t:1:ab"] * 3 + ["t:2:ab"] * 2
    assert {each.role for each in cases} == {None}
    assert [each.attack for each in cases] == [None, "gaussian-noise", "swap-options", None, "swap-options"]


def test_a_twin_tells_what_is_done_to_it() -> None:
    cases, _ = attacked_twins([case()], [NOISE, JPEG], seed=5)
    transforms = [each.transform for each in cases]
    assert transforms[0] is None
    noise, jpeg = transforms[1:]
    assert noise is not None and (noise.name, noise.strength) == ("gaussian-noise", 0.2)
    assert noise.seed == transform_seed(5, "gaussian-noise", "t:1:ab")
    assert jpeg is not None and (jpeg.name, jpeg.strength) == ("jpeg", 0.5)


def test_twins_do_not_depend_on_other_cases() -> None:
    alone = attacked_twins([case(2)], [JPEG], seed=5).cases
    among = attacked_twins([case(1), case(2)], [NOISE, JPEG], seed=5).cases
    assert alone[1] in among
    other = attacked_twins([case(2)], [JPEG], seed=6).cases
    assert other[1].id == alone[1].id and other[1].transform != alone[1].transform


def test_a_case_without_twins_stays_as_it_is() -> None:
    lone = case(images=[])
    cases, unfit = attacked_twins([lone], [NOISE], seed=1)
    assert cases == [lone]
    assert unfit == {"gaussian-noise": 1}


def test_a_pair_that_the_sheet_names_is_kept() -> None:
    cases, _ = attacked_twins([case(pair="p")], [NOISE], seed=1)
    assert [each.pair for each in cases] == ["p", "p"]


@pytest.mark.parametrize(
    ("attack", "subtask", "roles"),
    [
        ("gaussian-noise", "noise-consistency", ["clean", "noisy"]),
        ("swap-options", "position-swapping", ["first", "swapped"]),
        ("swap-images", "position-swapping", ["first", "swapped"]),
        ("gaussian-noise", "position-swapping", [None]),
        ("swap-options", "noise-consistency", [None]),
        ("typographic", "noise-consistency", [None]),
        ("gaussian-noise", "hallucination", [None, None]),
    ],
)
def test_halves_of_a_pair_task(attack: str, subtask: str, roles: list[str | None]) -> None:
    cases, _ = attacked_twins([case(subtask=subtask)], [(attack, None)], seed=1)
    assert [each.role for each in cases] == roles


def test_a_pair_has_two_halves_however_many_attacks_there_are() -> None:
    cases, unfit = attacked_twins([case(subtask="noise-consistency", answer="A")], [NOISE, JPEG, SWAP], seed=1)
    assert [each.role for each in cases] == ["clean", "noisy"]
    assert unfit == {"gaussian-noise": 0, "jpeg": 1, "swap-options": 1}
    halves = [Half(each.pair or "", each.role, "A", each.answer) for each in cases if each.role]
    assert not match_pairs(halves).repeated.any()


def test_a_sheet_s_pair_gets_no_twins() -> None:
    first = case(1, subtask="noise-consistency", role="clean", pair="p")
    second = case(2, subtask="noise-consistency", role="noisy", pair="p")
    cases, unfit = attacked_twins([first, second], [NOISE, SWAP], seed=1)
    assert cases == [first, second]
    assert unfit == {"gaussian-noise": 1, "swap-options": 1}
    assert {each.pair for each in cases} == {"p"}


def test_twins_get_no_twins() -> None:
    once = attacked_twins([case()], [NOISE], seed=1).cases
    twice = attacked_twins(once, [JPEG], seed=1).cases
    assert [each.id for each in twice] == ["t:1:ab", "t:1:ab~jpeg", "t:1:ab~gaussian-noise"]
    assert [is_twin(each) for each in twice] == [False, True, True]


def test_swapped_options_are_written_into_the_twin_and_swapped_once() -> None:
    clean = case(options={"A": "cat", "B": "dog"}, answer="A", reference="A. cat")
    twin = attacked_twins([clean], [SWAP], seed=1).cases[1]
    assert twin.prompt == "Cat or dog? A. dog B. cat"
    assert (twin.options, twin.answer, twin.reference) == ({"A": "dog", "B": "cat"}, "B", "B. cat")
    assert twin.transform is not None and twin.transform.name == "swap-options"
    shown = Shown(twin.prompt, (Image.new("RGB", (2, 2)),), twin.options, twin.answer)
    assert apply_transform(shown, twin.transform) == shown
    assert Case.model_validate_json(twin.model_dump_json()) == twin


def test_options_that_cannot_be_swapped_are_counted() -> None:
    cases, unfit = attacked_twins([case(prompt="Cat or dog?")], [SWAP], seed=1)
    assert len(cases) == 1
    assert unfit == {"swap-options": 1}


def test_an_attack_is_taken_once() -> None:
    with pytest.raises(UsageError, match="jpeg is named twice"):
        attacked_twins([case()], [JPEG, NOISE, ("jpeg", 0.9)], seed=1)
    with pytest.raises(UsageError, match="no attack 'spell'"):
        attacked_twins([case()], [("spell", None)], seed=1)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("gaussian-noise=0.3", ("gaussian-noise", 0.3)),
        ("gaussian-noise", ("gaussian-noise", None)),
        (" jpeg = 1 ", ("jpeg", 1.0)),
        ("gaussian-noise=1e-3", ("gaussian-noise", 0.001)),
        ("gaussian-noise=2", ("gaussian-noise", 2.0)),
    ],
)
def test_attacks_on_the_command_line(text: str, parsed: tuple[str, float | None]) -> None:
    assert parse_attack(text) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=1",
        "spell",
        "spell=1",
        "jpeg=",
        "jpeg=x",
        "jpeg=0",
        "jpeg=-1",
        "jpeg=nan",
        "jpeg=inf",
        "jpeg=1=2",
        "jpeg=1.5",
    ],
)
def test_attacks_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match=r"no attack|as in jpeg=0\.9"):
        parse_attack(text)
