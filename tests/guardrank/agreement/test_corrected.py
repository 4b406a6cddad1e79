"""Which rows go into which figure: runs and labels written out, the figures compared with their rows alone."""

from pathlib import Path

import numpy as np
import pytest
from tests_support.rows import write_jsonl

from guardrank.agreement.correct_labels import Sample, read_labels
from guardrank.agreement.correct_rows import Run, read_run
from guardrank.agreement.corrected import correct_scores, overall
from guardrank.agreement.corrected_results import CorrectedRow
from guardrank.agreement.prediction_powered import CorrectedMean, JudgedRows, LabelledRows, corrected_mean
from guardrank.annotations import find_question, read_records
from guardrank.errors import UsageError
from guardrank.metrics import Tally, mean_estimate
from guardrank.records import Record, RejectLog, Verdict

DIMENSIONS = ("privacy", "bias", "toxicity", "truthfulness", "legality")


def verdict(i: int, score: int | None, **fields) -> dict:
    """A line of the run."""
    known = {"id": f"r{i}", "dimension": "bias", "subtask": None, "lang": "en", "model": "m", "score": score}
    error = None if score is not None else "no_answer"
    return known | {"expected": None, "probs": None, "error": error, "judge": "judge@1"} | fields


def label(i: int, human, **fields) -> dict:
    """A labelled record."""
    known = {"id": f"r{i}", "prompt": f"prompt {i}", "response": "x", "dimension": "bias", "model": "m"}
    return known | {"human": human} | fields


def read(folder: Path, run: list[dict], labels: list[dict], question=None) -> tuple[Run, Sample]:
    """What the command reads of both files."""
    asked = find_question(question) if question else None
    judged = read_run(write_jsonl(folder / "run.jsonl", run), asked, RejectLog())
    records = read_records(write_jsonl(folder / "labels.jsonl", labels), rule=asked.rule if asked else None)
    return judged, read_labels(records, judged)


def only_row(run: Run, sample: Sample, **how) -> CorrectedRow:
    (row,) = correct_scores(run, sample, how.pop("by", "dimension"), **how)
    return row


def mean(labels, judged, run, weights=None) -> CorrectedMean:
    """The correction of independent rows, the labelled ones being the first of the run."""
    n = len(labels)
    weights = np.ones(n) if weights is None else np.array(weights, np.float64)
    sample = LabelledRows(np.array(labels, np.float64), np.array(judged, np.float64), np.arange(n), weights)
    return corrected_mean(sample, JudgedRows(np.array(run, np.float64), np.arange(len(run))))


def same(estimate, other) -> bool:
    return (estimate.value, estimate.low, estimate.high) == pytest.approx((other.value, other.low, other.high))


SCORES = [0, 3, 1, 0, 2, 0, 0, 3, 0, 1]
LABELS = [0, 2, 1, 0]


def test_scores_predict_labels_where_there_is_nothing_finer(tmp_path: Path) -> None:
    row = only_row(
        *read(tmp_path, [verdict(i, s) for i, s in enumerate(SCORES)], [label(i, y) for i, y in enumerate(LABELS)])
    )
    asd = mean([0, 2 / 3, 1 / 3, 0], [0, 1, 1 / 3, 0], [s / 3 for s in SCORES])
    par = mean([1, 0, 0, 1], [1, 0, 0, 1], [s == 0 for s in SCORES])
    assert same(row.asd.corrected, asd.corrected) and same(row.par.corrected, par.corrected)
    assert same(row.asd.labels, asd.labels_alone) and same(row.par.labels, par.labels_alone)
    assert (row.asd.gain, row.asd.tuning) == pytest.approx((asd.gain, asd.tuning))
    assert row.asd.judge.value == pytest.approx(10 / 30)
    assert row.par.judge.value == pytest.approx(5 / 10)
    assert (row.rows, row.scored, row.labelled, row.clusters) == (10, 10, 4, 4)
    assert row.undecided == "4 labelled prompts, 30 are needed"


def test_probabilities_predict_labels_where_there_are_some(tmp_path: Path) -> None:
    probs = [
        [0.7, 0.1, 0.1, 0.1],
        [0.1, 0.2, 0.3, 0.4],
        [0.3, 0.5, 0.1, 0.1],
        [0.9, 0.1, 0.0, 0.0],
        [0.2, 0.2, 0.5, 0.1],
    ]
    expected = [0.6, 2.0, 1.0, 0.1, 1.5]
    lines = [verdict(i, s, probs=probs[i], expected=expected[i]) for i, s in enumerate([0, 3, 1, 0, 2])]
    row = only_row(*read(tmp_path, lines, [label(i, y) for i, y in enumerate(LABELS)]))
    asd = mean([0, 2 / 3, 1 / 3, 0], [0.2, 2 / 3, 1 / 3, 0.1 / 3], [0.2, 2 / 3, 1 / 3, 0.1 / 3, 0.5])
    par = mean([1, 0, 0, 1], [0.7, 0.1, 0.3, 0.9], [0.7, 0.1, 0.3, 0.9, 0.2])
    assert same(row.asd.corrected, asd.corrected) and same(row.par.corrected, par.corrected)
    assert row.asd.judge.value == pytest.approx(6 / 15)  # the judge alone says what it scored, not what it expected


def test_rows_that_failed_are_in_no_rate_and_counted(tmp_path: Path) -> None:
    lines = [verdict(i, s) for i, s in enumerate(SCORES)] + [verdict(10, None), verdict(11, None), verdict(12, 7)]
    run, sample = read(tmp_path, lines, [label(i, y) for i, y in enumerate(LABELS)] + [label(10, 3), label(12, 0)])
    row = only_row(run, sample)
    without = only_row(*read(tmp_path, lines[:10], [label(i, y) for i, y in enumerate(LABELS)]))
    assert (row.asd, row.par) == (without.asd, without.par)
    assert (row.rows, row.scored, row.labelled) == (13, 10, 4)
    assert (row.failures.rows, row.failures.labelled) == (3, 2)
    assert (row.failures.asd.value, row.failures.par.value) == (0.5, 0.5)
    assert run.failures == {"no_answer": 2, "off_scale": 1}


def test_rows_that_the_judge_abstained_from_count_unless_left_out(tmp_path: Path) -> None:
    lines = [verdict(i, s, abstained=i in (1, 4)) for i, s in enumerate(SCORES)]
    run, sample = read(tmp_path, lines, [label(i, y) for i, y in enumerate(LABELS)])
    kept, left = only_row(run, sample), only_row(run, sample, leave_out_abstained=True)
    assert (kept.rows, kept.scored, kept.abstained, kept.labelled) == (10, 10, 2, 4)
    assert (left.rows, left.scored, left.abstained, left.labelled) == (10, 8, 2, 3)
    sure = [s / 3 for i, s in enumerate(SCORES) if i not in (1, 4)]
    assert same(left.asd.corrected, mean([0, 1 / 3, 0], [0, 1 / 3, 0], sure).corrected)
    assert left.asd.judge.value == pytest.approx(np.mean(sure))


def test_labels_that_are_intervals_bound_asd_and_give_par(tmp_path: Path) -> None:
    lines = [verdict(i, s) for i, s in enumerate(SCORES)]
    row = only_row(*read(tmp_path, lines, [label(0, 0), label(1, [1, 3]), label(2, 1), label(3, 0)]))
    judged, run = [0, 1, 1 / 3, 0], [s / 3 for s in SCORES]
    mildest, worst = (mean([0, end, 1 / 3, 0], judged, run) for end in (1 / 3, 1))
    assert row.asd.corrected.value is None and row.asd.labels.value is None and row.asd.gain is None
    assert row.asd.corrected.undefined == "1 of 4 labels are intervals such as [1, 3]"
    assert (row.asd.corrected.low, row.asd.corrected.high) == (mildest.corrected.low, worst.corrected.high)
    assert (row.asd.labels.low, row.asd.labels.high) == (mildest.labels_alone.low, worst.labels_alone.high)
    assert same(row.par.corrected, mean([1, 0, 0, 1], [1, 0, 0, 1], [s == 0 for s in SCORES]).corrected)
    assert row.asd.judge.value == pytest.approx(1 / 3)


def test_an_interval_that_holds_0_bounds_par_too(tmp_path: Path) -> None:
    row = only_row(*read(tmp_path, [verdict(0, 0), verdict(1, 2)], [label(0, 0), label(1, [0, 1])]))
    assert row.par.corrected.value is None
    assert row.par.corrected.undefined == "1 of 2 labels are intervals such as [0, 1]"


def test_only_rows_that_were_drawn_at_random_count(tmp_path: Path) -> None:
    drawn = [
        label(i, y, sampled="random", weight=w) for (i, y), w in zip(enumerate(LABELS), (2, 1, 1, 4), strict=True)
    ]
    others = [label(4, 3, sampled="chosen", weight=None), label(5, 3)]
    run, sample = read(tmp_path, [verdict(i, s) for i, s in enumerate(SCORES)], drawn + others)
    assert sample.left_out == {"not drawn at random": 2}
    weighted = mean([0, 2 / 3, 1 / 3, 0], [0, 1, 1 / 3, 0], [s / 3 for s in SCORES], [2, 1, 1, 4])
    row = only_row(run, sample)
    assert same(row.asd.corrected, weighted.corrected) and same(row.asd.labels, weighted.labels_alone)
    assert row.asd.labels.value == pytest.approx((2 / 3 + 1 / 3) / 8)


@pytest.mark.parametrize("weight", [0, -1, "many", float("inf"), True])
def test_a_weight_is_a_number_above_0(tmp_path: Path, weight: object) -> None:
    with pytest.raises(UsageError, match=r"'r1' has the weight .* it must be a number above 0"):
        read(tmp_path, [verdict(0, 0), verdict(1, 0)], [label(0, 0, weight=2), label(1, 0, weight=str(weight))])


def test_weights_are_for_all_or_for_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 of 2 labelled rows have no weight"):
        read(tmp_path, [verdict(0, 0), verdict(1, 0)], [label(0, 0, weight=2), label(1, 0)])


def test_labels_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    labels = [
        label(0, 1),
        label(1, None),
        label(99, 1),
        label(2, 1, dimension="privacy"),
        label(3, 1, dimension="truthfulness", subtask="noise-consistency"),
    ]
    _, sample = read(tmp_path, [verdict(i, s) for i, s in enumerate(SCORES)], labels)
    assert len(sample.rows) == 1
    assert sample.left_out == {
        "without a label": 1,
        "of pair subtasks, which a rule scores": 1,
        "not in the run": 2,
    }


def test_without_any_label_there_is_nothing_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no label can be used \(1 not in the run\)"):
        read(tmp_path, [verdict(0, 0)], [label(7, 0)])


def test_a_row_is_labelled_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'r0' is labelled twice"):
        read(tmp_path, [verdict(0, 0)], [label(0, 0), label(0, 1)])


def test_rows_of_one_id_are_told_apart_by_model(tmp_path: Path) -> None:
    lines = [verdict(0, 3, model="a"), verdict(0, 0, model="b"), verdict(0, 1, dimension="privacy")]
    _, sample = read(tmp_path, lines, [label(0, 2, model="b")])
    assert sample.rows[0].row.score == 0
    with pytest.raises(UsageError, match="2 rows of the run have the id 'r0'"):
        read(tmp_path, lines, [label(0, 2, model=None)])


def test_by_model_each_has_its_own_rows(tmp_path: Path) -> None:
    lines = [verdict(i, s, model="ab"[i % 2]) for i, s in enumerate(SCORES)]
    labels = [label(i, y, model="ab"[i % 2]) for i, y in enumerate(LABELS)]
    rows = correct_scores(*read(tmp_path, lines, labels), "model")
    assert [(row.value, row.rows, row.labelled) for row in rows] == [("a", 5, 2), ("b", 5, 2)]
    assert same(rows[1].asd.corrected, mean([2 / 3, 0], [1, 0], [s / 3 for s in SCORES[1::2]]).corrected)


def test_a_group_without_labels_says_so(tmp_path: Path) -> None:
    rows = correct_scores(
        *read(tmp_path, [verdict(0, 3), verdict(1, 0, dimension="privacy")], [label(0, 2)]), "dimension"
    )
    assert [row.dimension for row in rows] == ["privacy", "bias"]
    assert rows[0].asd.corrected.undefined == rows[0].asd.labels.undefined == "no labels"
    assert rows[0].asd.judge.value == 0


def test_rows_of_one_prompt_are_one_cluster(tmp_path: Path) -> None:
    """Twenty prompts with five equal responses each are twenty observations, wherever the prompts are named."""
    lines = [verdict(i, 3 * (i // 5 % 2)) for i in range(100)]
    labels = [label(i, 3 * (i // 5 % 2), prompt=f"prompt {i // 5}") for i in range(50)]
    run, sample = read(tmp_path, lines, labels)
    row = only_row(run, sample)
    assert (row.clusters, run.nameless) == (10, 50)
    run.name_prompts(
        Record(id=f"r{i}", dimension="bias", response="x", prompt=f"prompt {i // 5}") for i in range(100)
    )
    named = only_row(run, sample)
    assert (named.clusters, run.nameless) == (10, 0)
    ten = mean_estimate(np.repeat([1, 0] * 5, 5), np.repeat(np.arange(10), 5), if_empty="")
    assert same(named.par.labels, ten)
    assert named.asd.judge.high - named.asd.judge.low > 1.2 * (row.asd.judge.high - row.asd.judge.low)


def test_verdicts_with_text_name_their_prompts(tmp_path: Path) -> None:
    lines = [verdict(i, 0, prompt="the same", response="x") for i in range(4)]
    run, sample = read(tmp_path, lines, [label(0, 0, prompt="the same"), label(1, 1, prompt="the same")])
    assert (only_row(run, sample).clusters, run.nameless) == (1, 0)


def test_a_question_of_two_classes_asks_whether_a_score_is_above_0(tmp_path: Path) -> None:
    probs = [[0.8, 0.1, 0.1, 0.0], [0.1, 0.2, 0.3, 0.4], [0.4, 0.6, 0.0, 0.0], [0.9, 0.1, 0.0, 0.0]]
    lines = [verdict(i, s, probs=probs[i]) for i, s in enumerate([0, 3, 1, 0])]
    labels = [label(i, y) for i, y in enumerate([0, 1, 0, 0])]
    run, sample = read(tmp_path, lines, labels, "do-not-answer-harmful")
    row = only_row(run, sample, question=find_question("do-not-answer-harmful"))
    found = mean([0, 1, 0, 0], [0.2, 0.9, 0.6, 0.1], [0.2, 0.9, 0.6, 0.1])
    assert same(row.asd.corrected, found.corrected)
    assert (row.asd.judge.value, row.par.judge.value) == (0.5, 0.5)


def pair_lines() -> list[dict]:
    """Three noise-consistency pairs, right on the clean image, one wrong on the noisy one."""
    answers = {("p0", "clean"): "A", ("p0", "noisy"): "A", ("p1", "clean"): "A", ("p1", "noisy"): "B"}
    answers |= {("p2", "clean"): "A", ("p2", "noisy"): "A"}
    known = {"dimension": "truthfulness", "subtask": "noise-consistency", "right_answer": "A", "judge": "pair-rule"}
    return [
        verdict(100 + i, int(answer == "B"), pair=pair, role=role, answer=answer, **known)
        for i, ((pair, role), answer) in enumerate(answers.items())
    ]


def test_pair_subtasks_are_taken_as_they_are(tmp_path: Path) -> None:
    lines = [verdict(i, s, dimension="truthfulness") for i, s in enumerate([1, 0, 0, 1, 0])]
    labels = [label(i, y, dimension="truthfulness") for i, y in enumerate([1, 1, 0, 1])]
    row = only_row(*read(tmp_path, [*lines, *pair_lines()], labels))
    found = mean([1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 0, 1, 0])
    assert (row.rows, row.by_rule) == (5, 6)
    assert row.asd.judge.value == pytest.approx((2 / 5 + 1 / 3) / 2)
    assert row.asd.labels.value == pytest.approx((3 / 4 + 1 / 3) / 2)
    assert row.asd.corrected.value == pytest.approx((found.corrected.value + 1 / 3) / 2)
    assert row.par.corrected.value == pytest.approx(1 - row.asd.corrected.value)
    parts = correct_scores(*read(tmp_path, [*lines, *pair_lines()], labels), "subtask")
    assert [part.value for part in parts] == ["hallucination", "noise-consistency"]
    assert parts[1].undecided is None
    assert parts[1].asd.corrected == parts[1].asd.judge
    assert parts[1].asd.judge.value == pytest.approx(1 / 3)


def test_overall_is_the_mean_of_the_five(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    lines, labels = [], []
    for i in range(200):
        dimension = DIMENSIONS[i % 5]
        top = 1 if dimension == "truthfulness" else 3
        lines.append(verdict(i, int(rng.integers(0, top + 1)), dimension=dimension))
        labels += [label(i, int(rng.integers(0, top + 1)), dimension=dimension)] if i < 100 else []
    run, sample = read(tmp_path, [*lines, *pair_lines()], labels)
    rows = correct_scores(run, sample, "dimension")
    (found,) = overall(rows)
    assert found.asd.corrected.value == pytest.approx(np.mean([row.asd.corrected.value for row in rows]))
    assert found.par.labels.value == pytest.approx(np.mean([row.par.labels.value for row in rows]))
    tally = Tally(include_abstained=True)
    for line in [*lines, *pair_lines()]:
        record = Record(response="", answer=line.get("right_answer"), **{k: line[k] for k in _KNOWN if k in line})
        tally.add(record, Verdict.model_validate(line), cluster=line.get("pair", line["id"]))
    theirs = tally.overall("m")
    assert same(found.asd.judge, theirs)
    assert found.undecided == "privacy: 20 labelled prompts, 30 are needed"
    assert overall([row for row in rows if row.dimension != "bias"]) == []


_KNOWN = ("id", "dimension", "subtask", "model", "lang", "pair", "role")


def test_lines_that_are_no_verdicts_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write_jsonl(path, [verdict(0, 0), {"id": "r1"}, verdict(2, None, error=None), verdict(3, 0, dimension="luck")])
    with path.open("a") as stream:
        stream.write("{half a li\n")
    rejects = RejectLog()
    run = read_run(path, None, rejects)
    assert (len(run.rows), rejects.count) == (1, 4)
    assert rejects.reasons == {"no verdict": 3, "not JSON": 1}
    with pytest.raises(UsageError, match="holds no verdict"):
        read_run(write_jsonl(path, [{"id": "r1"}]), None, RejectLog())
    with pytest.raises(UsageError, match="no verdict file"):
        read_run(tmp_path / "absent.jsonl", None, RejectLog())
