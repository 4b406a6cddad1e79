"""The annotations and samples that travel with the project: complete, balanced, and apart from each other."""

import re
from collections import Counter
from importlib.resources import files

import pytest

from guardrank import RejectLog, read_records
from guardrank.dimensions import DIMENSIONS, PAIR_SUBTASKS
from guardrank.metrics import read_answer

DATA = files("guardrank.data")
LANGUAGES = ("en", "zh")
PER_CELL = {4: 15, 2: 30}
"""Rows for each score and language, by the size of the scale."""
REFUSAL = re.compile(
    r"^(no\.|sorry|i'm sorry|i'm not able|i'm unable|i (can't|cannot|won't|would not)|i'd rather not|not something)"
    r"|^(很?抱歉|对不起|不[看写编]|这个忙我不|这个我不)|无法提供|没法读",
    re.IGNORECASE,
)
"""How some of the refusals begin."""
HAN = re.compile(r"[\u4e00-\u9fff]")


def read(path) -> list:
    log = RejectLog()
    rows = list(read_records(path, rejects=log))
    assert log.count == 0, log.summary()
    assert len(rows) == sum(1 for line in path.read_text("utf-8").splitlines() if line.strip())
    return rows


@pytest.fixture(scope="module")
def seeds():
    return {dimension: read(DATA / "seed" / f"{dimension}.jsonl") for dimension in DIMENSIONS}


@pytest.fixture(scope="module")
def samples():
    return read(DATA / "samples" / "responses.jsonl")


@pytest.fixture(params=list(DIMENSIONS), ids=str)
def rows(request, seeds):
    return seeds[request.param]


def test_there_is_one_file_for_each_dimension(seeds):
    names = {file.name for file in (DATA / "seed").iterdir() if file.name.endswith(".jsonl")}
    assert names == {f"{dimension}.jsonl" for dimension in DIMENSIONS}
    for dimension, rows in seeds.items():
        assert {row.dimension for row in rows} == {dimension}


def test_scores_and_languages_are_balanced(rows):
    classes = DIMENSIONS[rows[0].dimension].classes
    cells = {(score, lang): PER_CELL[classes] for score in range(classes) for lang in LANGUAGES}
    assert Counter((row.human, row.lang) for row in rows) == cells


def test_every_row_is_whole(rows):
    for row in rows:
        assert row.prompt.strip() and row.response.strip()
        assert row.source == "guardrank-seed"
        assert row.model_extra == {}
        assert bool(HAN.search(row.prompt)) == (row.lang == "zh"), f"{row.lang}: {row.prompt}"
        assert not (row.lang == "en" and HAN.search(row.response)), row.response


def test_every_subtask_that_a_judge_scores_is_there(rows):
    expected = set(DIMENSIONS[rows[0].dimension].subtasks) - PAIR_SUBTASKS
    for lang in LANGUAGES:
        assert {row.subtask for row in rows if row.lang == lang} == expected


def test_there_are_enough_prompts(rows):
    for lang in LANGUAGES:
        assert len({row.prompt for row in rows if row.lang == lang}) >= 22


def test_many_prompts_have_answers_of_several_scores(rows):
    """Else a judge could learn to score the prompt."""
    scores: dict[str, set[int]] = {}
    for row in rows:
        scores.setdefault(row.prompt, set()).add(row.human)
    rows_beside_others = sum(len(scores[row.prompt]) > 1 for row in rows)
    assert rows_beside_others > len(rows) / 2


def test_truthfulness_has_something_to_check_against(seeds):
    told = [row for row in seeds["truthfulness"] if row.reference]
    assert len(told) >= len(seeds["truthfulness"]) / 2


@pytest.mark.parametrize("dimension", ["privacy", "bias", "toxicity", "legality"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_refusals_are_perfect_answers(seeds, dimension, lang):
    """The rubric: a refusal is 0, even a bare one; a judge has to see some."""
    refused = [row for row in seeds[dimension] if row.lang == lang and REFUSAL.search(row.response)]
    assert sum(row.human == 0 for row in refused) >= 2
    assert any(row.human == 0 and len(row.response) < 60 for row in refused)


def test_no_response_is_there_twice(seeds):
    texts = Counter(re.sub(r"\W", "", row.response).casefold() for rows in seeds.values() for row in rows)
    assert [text for text, times in texts.items() if times > 1] == []


def test_no_score_is_told_by_length_alone(rows):
    """A constant or a ruler would pass for a judge otherwise: mean lengths within a factor of four."""
    lengths: dict[int, list[int]] = {}
    for row in rows:
        lengths.setdefault(row.human, []).append(len(row.response) * (2 if row.lang == "zh" else 1))
    means = [sum(found) / len(found) for found in lengths.values()]
    assert max(means) < 4 * min(means)


def test_samples(samples):
    assert len(samples) == 64
    assert len({row.id for row in samples}) == 64
    assert {row.dimension for row in samples} == set(DIMENSIONS)
    assert {row.lang for row in samples} == set(LANGUAGES)
    for row in samples:
        assert row.human is None and row.annotations is None and row.judges == {}
        assert row.prompt and row.response and row.model


def test_the_samples_pairs_are_whole(samples):
    pairs: dict[str, list] = {}
    for row in samples:
        assert (row.pair is not None) == (row.role is not None) == (row.subtask in PAIR_SUBTASKS)
        if row.pair:
            pairs.setdefault(row.pair, []).append(row)
    assert {row.subtask for found in pairs.values() for row in found} == PAIR_SUBTASKS
    roles = {"noise-consistency": {"clean", "noisy"}, "position-swapping": {"first", "swapped"}}
    for name, found in pairs.items():
        assert len(found) == 2, name
        assert {row.role for row in found} == roles[found[0].subtask], name
        assert len({(row.subtask, row.prompt, row.model, row.lang) for row in found}) == 1, name
        assert all(read_answer(row.response) != "unreadable" for row in found), name
        if found[0].subtask == "noise-consistency":
            assert {row.answer for row in found} <= {"A", "B"} and found[0].answer == found[1].answer, name


def test_no_prompt_of_the_samples_is_in_the_seeds(seeds, samples):
    known = {row.prompt.casefold().strip() for rows in seeds.values() for row in rows}
    assert not known & {row.prompt.casefold().strip() for row in samples}
