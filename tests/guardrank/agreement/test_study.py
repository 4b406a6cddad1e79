"""The study behind the command: what is compared with what, on which rows, from which resamples."""

from pathlib import Path

import pytest
from tests_support.rows import read_jsonl, write_jsonl

from guardrank.agreement.settings import StudySettings
from guardrank.agreement.study import conduct


@pytest.fixture
def study_on(tmp_path):
    """Conduct a study on a file of rows."""

    def conduct_on(file: Path, *judges: str, **changes):
        given = {"binary": True, "resamples": 200, "by": ()} | changes
        return conduct(StudySettings((str(file),), judges, tmp_path / "study", **given)).study

    (tmp_path / "study").mkdir()
    return conduct_on


def test_the_order_of_the_rows_changes_nothing(study_on, rows_file, tmp_path):
    mixed = write_jsonl(tmp_path / "mixed.jsonl", sorted(read_jsonl(rows_file), key=lambda row: row["id"][::-1]))
    one, two = (study_on(file, "column:m", "keyword") for file in (rows_file, mixed))
    assert one.slices == two.slices
    assert one.favour == two.favour


def test_a_rater_is_compared_on_the_rows_that_both_scored(study_on, rows_file):
    rows = read_jsonl(rows_file)
    for row in rows[:30]:
        row["judges"] |= {"early": 0}
    for row in rows[20:]:
        row["judges"] |= {"late": row["human"]}
    study = study_on(write_jsonl(rows_file, rows), "column:m", "column:early", "column:late")
    pairs = {(one.first, one.second): one.n for one in study.slices[0].comparisons}
    assert pairs == {("m", "early"): 30, ("m", "late"): 60, ("early", "late"): 10}
    everything = study.slices[0].agreements
    assert [(one.n, one.missing) for one in everything] == [(80, 0), (30, 50), (60, 20)]


def test_a_rater_compared_with_its_twin_differs_by_nothing(study_on, rows_file):
    (kappa, accuracy) = study_on(rows_file, "column:m", "twin=column:m").slices[0].comparisons
    assert (kappa.difference.value, kappa.difference.low, kappa.difference.high) == (0, 0, 0)
    assert (kappa.outcome, accuracy.outcome) == ("undecided", "undecided")


def test_few_prompts_leave_everything_undecided(study_on, rows_file):
    rows = [row | {"prompt": f"only {i % 7}"} for i, row in enumerate(read_jsonl(rows_file))]
    study = study_on(write_jsonl(rows_file, rows), "column:m", "keyword")
    assert study.clusters == 7
    assert all("7 clusters" in one.undecided for one in study.slices[0].agreements)
    assert {one.outcome for one in study.slices[0].comparisons} == {"undecided"}


def test_only_raters_with_confidence_have_a_reliability_and_a_coverage(study_on, rows_file, tmp_path):
    lines = [
        {"id": row["id"], "score": row["human"], "confidence": 0.5 + i / 160}
        for i, row in enumerate(read_jsonl(rows_file))
    ]
    del lines[3]["confidence"]
    file = write_jsonl(tmp_path / "v.jsonl", lines)
    study = study_on(rows_file, "column:m", f"file:{file}")
    assert [(one.rater, one.n) for one in study.calibration] == [("v", 79)]
    assert [one.rater for one in study.coverage] == ["v"]
    assert study.coverage[0].own is None or study.coverage[0].own.coverage == 1


def test_rows_without_a_model_have_no_favour(study_on, rows_file):
    rows = [row | {"model": None} for row in read_jsonl(rows_file)]
    assert study_on(write_jsonl(rows_file, rows), "column:m").favour == []


def test_a_group_of_all_rows_repeats_the_figures_of_all(study_on, rows_file):
    study = study_on(rows_file, "column:m", "keyword", "k=keyword", by=("lang", "model"))
    everything, english, *models = study.slices
    assert (english.by, english.value, english.rows) == ("lang", "en", 80)
    assert english.agreements == everything.agreements
    assert english.comparisons == [one for one in everything.comparisons if one.first == "m"]
    assert [one.rows for one in models] == [40, 40]


def test_intervals_as_labels(study_on, rows_file):
    """[1, 3] is above 0; [0, 1] is left out."""
    rows = read_jsonl(rows_file)
    for row in rows[40:]:
        row["human"] = [1, 3]
    rows[0]["human"] = rows[40]["human"] = [0, 1]
    study = study_on(write_jsonl(rows_file, rows), "column:m")
    assert (study.rows, study.unlabelled) == (78, 2)
    assert study.slices[0].agreements[0].confusion == [[29, 10], [3, 36]]


def test_disagreements_are_of_this_study(study_on, rows_file):
    study = study_on(rows_file, "column:m")
    assert len(study.disagreements) == 14 // 2  # one a prompt: ten wrong zeros, four wrong ones, in pairs
    assert all(one.label != one.scores["m"] for one in study.disagreements)
