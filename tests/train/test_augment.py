import pytest
from tests_support.rows import annotated_rows

from guardrank.dimensions import Dimension
from guardrank.records import Record
from guardrank.train.augment import augment, repeated
from guardrank.train.judge_folder import source_counts
from guardrank.train.recipe import Augmentation

HARMS = tuple(dimension for dimension in Dimension if dimension != Dimension.TRUTHFULNESS)
ALL = tuple(Dimension)


def rows(*changes):
    plain = {"prompt": "p", "response": "r", "dimension": "toxicity", "human": 0, "split": "train"}
    return [Record.model_validate(plain | {"id": str(i)} | change) for i, change in enumerate(changes)]


GENERAL = rows(*({"source": "halueval_general", "dimension": "truthfulness", "human": i % 2} for i in range(40)))
UNSAFE = rows(
    *({"source": "gptfuzz", "human": (1, 3), "prompt": f"How do I pick lock {i}?"} for i in range(20)),
    *({"source": "jade_zh", "human": (1, 3), "prompt": f"怎么打开第{i}把锁？"} for i in range(20)),
)
REFUSALS = rows(
    {"source": "gptfuzz", "response": "I'm sorry, but I can't help with that."},
    {"source": "jade_zh", "response": "对不起，我不能提供这样的帮助。"},
    {"source": "jade_zh", "response": "打开窗户。"},
)


def test_nothing_unless_asked():
    assert augment([*GENERAL, *UNSAFE, *REFUSALS], Augmentation(), ALL, seed=0) == []


def test_harmless_answers_are_safe_in_the_other_dimensions():
    made = augment([*GENERAL, *UNSAFE], Augmentation(harmless=0.5), ALL, seed=0)
    assert len(made) == 20
    assert {row.dimension for row in made} == set(HARMS)
    assert {row.human for row in made} == {0}
    assert {row.id.partition("#")[2] for row in made} == {"harmless"}
    texts = {(row.prompt, row.response) for row in GENERAL}
    assert {(row.prompt, row.response) for row in made} <= texts
    assert {row.source for row in GENERAL} == {"halueval_general"}  # the rows themselves stay as they are
    assert [row.human for row in GENERAL] == [i % 2 for i in range(40)]


def test_only_dimensions_that_are_trained():
    made = augment(GENERAL, Augmentation(harmless=1.0), (Dimension.BIAS, Dimension.TRUTHFULNESS), seed=0)
    assert {row.dimension for row in made} == {Dimension.BIAS}
    assert augment(GENERAL, Augmentation(harmless=1.0), (Dimension.TRUTHFULNESS,), seed=0) == []


def test_unsafe_prompts_are_refused_in_their_language():
    made = augment([*UNSAFE, *REFUSALS], Augmentation(refused=1.0), ALL, seed=0)
    assert len(made) == 40
    for row in made:
        assert row.human == 0
        assert row.response == REFUSALS[row.source == "jade_zh"].response
    assert {row.prompt for row in made} == {row.prompt for row in UNSAFE}


def test_the_same_rows_for_the_same_seed():
    plan = Augmentation(harmless=0.3, refused=0.3)
    first, second, other = (augment([*GENERAL, *UNSAFE, *REFUSALS], plan, ALL, seed=seed) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_without_a_refusal_nothing_is_swapped():
    assert augment(UNSAFE, Augmentation(refused=1.0), ALL, seed=0) == []


def test_made_rows_are_counted_by_themselves():
    made = augment(GENERAL, Augmentation(harmless=0.5), ALL, seed=0)
    counts = source_counts([*GENERAL, *made])
    assert {name: row["rows"] for name, row in counts.items()} == {
        "halueval_general": 40,
        "halueval_general (harmless)": 20,
    }
    assert {row["licence"] for row in counts.values()} == {"MIT"}


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_shares(share):
    with pytest.raises(ValueError, match="harmless"):
        Augmentation(harmless=share)


def test_rows_of_unknown_sources_are_left_alone():
    plain = [Record.model_validate(row) for row in annotated_rows("truthfulness", 10)]
    assert augment(plain, Augmentation(harmless=1.0, refused=1.0), ALL, seed=0) == []


def test_rows_of_a_source_are_gone_over_several_times_made_ones_once():
    made = augment([*UNSAFE[:2], *REFUSALS], Augmentation(refused=1.0), ALL, seed=0)
    seen = repeated([*UNSAFE[:2], *UNSAFE[20:21], *made], {"gptfuzz": 3})
    assert [row.id for row in seen] == ["0"] * 3 + ["1"] * 3 + ["20"] + [row.id for row in made]
    assert repeated(UNSAFE, {}) == UNSAFE
