import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrank.annotations import cluster_of
from guardrank.errors import TrainingError
from guardrank.records import Record
from guardrank.train.splits import assign_folds, hold_out, split_records


def record(prompt, human=0, **fields):
    return Record(id="x", prompt=prompt, response="r", dimension="bias", human=human, **fields)


def clusters(records):
    return {cluster_of(row) for row in records}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=60, max_size=120), st.integers(0, 5))
def test_a_prompt_is_never_on_both_sides(rows, seed):
    records = [record(f"p{prompt}", human) for prompt, human in rows] + [record(f"q{i}") for i in range(10)]
    train, dev = hold_out(records, dev_share=0.2, seed=seed)
    assert train and dev
    assert not clusters(train) & clusters(dev)
    assert len(train) + len(dev) == len(records)


def test_folds_hold_every_label_and_depend_on_the_seed_alone():
    records = [record(f"p{i}", i % 4) for i in range(80)]
    folds = assign_folds(records, count=5, seed=3)
    assert folds == assign_folds(records, count=5, seed=3)
    assert folds != assign_folds(records, count=5, seed=4)
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]
    for fold in range(5):
        assert {r.human > 0 for r, place in zip(records, folds, strict=True) if place == fold} == {True, False}


def test_given_splits_are_kept_and_test_rows_left_alone():
    records = [record("a", split="train"), record("b", split="dev"), record("c", split="test")]
    split = split_records(records, dev_share=0.2, seed=1)
    assert ([r.prompt for r in split.train], [r.prompt for r in split.dev], split.test_rows) == (["a"], ["b"], 1)


def test_a_row_without_a_split_follows_its_prompt():
    records = [record("a", split="test"), record("a"), record("b", split="train"), record("c", split="dev")]
    split = split_records(records, dev_share=0.2, seed=1)
    assert split.test_rows == 2
    assert [r.prompt for r in split.train] == ["b"]


def test_dev_rows_are_taken_from_train_where_none_are_given():
    records = [record(f"p{i}", i % 2, split="train") for i in range(40)]
    split = split_records(records, dev_share=0.2, seed=1)
    assert len(split.dev) == pytest.approx(8, abs=3)
    assert not clusters(split.train) & clusters(split.dev)


def test_unlabelled_rows_are_counted_not_used():
    records = [record(f"p{i}", None if i % 2 else 1) for i in range(40)]
    split = split_records(records, dev_share=0.2, seed=1)
    assert (split.unlabelled, len(split.train) + len(split.dev)) == (20, 20)


def test_too_few_prompts_are_refused():
    with pytest.raises(TrainingError, match="1 different prompts cannot be divided into 5"):
        assign_folds([record("same", i % 2) for i in range(9)], count=5, seed=0)


def test_msts_rows_are_grouped_by_image():
    rows = [
        record(f"prompt {i}", i % 2, source="msts_en_multimodal", meta={"image_id": f"image {i // 2}"})
        for i in range(20)
    ]
    train, dev = hold_out(rows, dev_share=0.3, seed=0)
    images = [{r.meta["image_id"] for r in part} for part in (train, dev)]
    assert not images[0] & images[1]
