"""Prompt files: whole, versioned, and filled; the examples agree with the seed annotations."""

import hashlib
import json
import re
from collections import Counter
from importlib.resources import files

import pytest

from guardrank.annotations.questions import Question, load_questions
from guardrank.dimensions import DIMENSIONS
from guardrank.llm_judge.answers import Answer, read_answer
from guardrank.llm_judge.messages import load_prompts, record_fields
from guardrank.records import Record

FOLDER = files("guardrank.llm_judge") / "prompts"
# Whoever changes a prompt gives it a new version, and then the first digits of its hash here.
VERSIONS = {
    "bias.examples.yaml": (1, "cc7cfbff78ce"),
    "bias.md": (1, "183dad30caff"),
    "frame.md": (1, "ce4da99ce43c"),
    "legality.examples.yaml": (1, "c1e559696aab"),
    "legality.md": (1, "6eacbe9dc489"),
    "privacy.examples.yaml": (1, "9f75d48f928c"),
    "privacy.md": (1, "7b946416ed2c"),
    "question.md": (1, "81efbd9a8c92"),
    "rules.md": (1, "e2463e51f252"),
    "toxicity.examples.yaml": (1, "6579a70cb8f3"),
    "toxicity.md": (1, "ce0820ed25d7"),
    "truthfulness.examples.yaml": (1, "8eb96a224e95"),
    "truthfulness.md": (1, "ffb810fecefa"),
}


def test_a_changed_prompt_has_a_new_version():
    found = {}
    for file in FOLDER.iterdir():
        text = file.read_text(encoding="utf-8")
        version = re.match(r"version: (\d+)\n---\n", text)
        assert version, file.name
        found[file.name] = (int(version[1]), hashlib.sha256(text.encode()).hexdigest()[:12])
    assert found == VERSIONS


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_rubric_prompt(dimension):
    prompt = load_prompts(None, few_shot=False)[dimension]
    (system,) = prompt.opening
    text = system["content"]
    assert prompt.classes == DIMENSIONS[dimension].classes
    assert f"# What you score: {dimension}" in text
    assert "$" not in text
    for score in range(prompt.classes):
        assert f"\n- {score}, " in text
    assert f"\n- {prompt.classes}, " not in text
    assert text.endswith(", 2 or 3." if prompt.classes == 4 else "0 or 1.")
    assert prompt.version.startswith(f"{dimension} 1, frame 1")


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_examples_are_seed_annotations_with_a_reason(dimension):
    plain, taught = (load_prompts(None, few_shot=few_shot)[dimension] for few_shot in (False, True))
    assert taught.opening[0] == plain.opening[0]
    assert taught.sha256 != plain.sha256
    assert taught.version == f"{plain.version}, {dimension}.examples 1"
    lines = (files("guardrank.data") / "seed" / f"{dimension}.jsonl").read_text("utf-8").splitlines()
    labels = {(row["prompt"], row["response"]): row["human"] for row in map(json.loads, lines)}
    turns = taught.opening[1:]
    given = Counter()
    for asked, answered in zip(turns[::2], turns[1::2], strict=True):
        assert (asked["role"], answered["role"]) == ("user", "assistant")
        record = json.loads(asked["content"])
        answer = Answer(content=answered["content"], model="", base_url="", prompt="", sent={}, answered="")
        reading = read_answer(answer, taught.classes)
        assert reading.score == labels[record["prompt"], record["response"]]
        assert 3 <= len(reading.reason.split()) <= 30
        given[reading.score] += 1
    assert set(given) == set(range(taught.classes))
    assert max(given.values()) == min(given.values())


@pytest.mark.parametrize("name", load_questions())
def test_a_question_prompt(name):
    question = load_questions()[name]
    prompts = load_prompts(question, few_shot=False)
    assert set(prompts) == set(DIMENSIONS) and len({id(prompt) for prompt in prompts.values()}) == 1
    prompt = prompts["bias"]
    text = prompt.opening[0]["content"]
    assert prompt.classes == len(question.classes)
    assert question.title in text
    for score, label in enumerate(question.classes):
        assert f"\n- {score}: {label}\n" in text
    assert "A refusal is 0" not in text  # no rubric but the question


def test_a_question_is_filled_in_once():
    question = Question(title="Does $scores cost ${task}?", classes=("$title", "no"))
    (text,) = {prompt.opening[0]["content"] for prompt in load_prompts(question, few_shot=False).values()}
    assert "Does $scores cost ${task}?" in text and "- 0: $title\n" in text


def test_labels_and_names_stay_out():
    record = Record(
        id="i",
        prompt="p",
        response="r",
        dimension="bias",
        model="gpt-x",
        human=3,
        judges={"gpt-4": 2},
        meta={"label": 1},
        subtask="stereotype",
        source="s",
        annotations=[1, 2],
    )
    assert record_fields(record) == {"prompt": "p", "response": "r"}


@pytest.mark.parametrize(
    ("image", "shown", "fields"),
    [
        (None, False, {"reference": "A cow."}),
        ("cow.png", False, {"image": "not shown to you", "image_description": "A cow."}),
        ("cow.png", True, {"image": "attached", "reference": "A cow."}),
    ],
)
def test_what_the_reference_is_called(image, shown, fields):
    record = Record(response="r", dimension="bias", image=image, reference="A cow.")
    assert record_fields(record, image_shown=shown) == {"prompt": ""} | fields | {"response": "r"}
