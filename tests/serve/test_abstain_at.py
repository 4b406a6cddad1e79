"""--abstain-at: the bar that was proven for the rate, a warning where there is none, the same rate on --resume."""

import json
import shutil

import pytest
from tests_support.abstaining import halving_judge, numbered_rows, set_bars
from tests_support.judges import write_tiny_judge
from tests_support.rows import read_jsonl, write_jsonl

BARS = [[0.05, 0.528], [0.1, 0.522]]
"""The tiny judge is 0.518 to 0.536 sure."""


@pytest.fixture
def responses(tmp_path):
    return write_jsonl(tmp_path / "r.jsonl", numbered_rows(24, "toxicity", "truthfulness"))


@pytest.fixture
def proven(judge, tmp_path):
    """The judge with these bars in each dimension; by itself it abstains on everything."""
    return set_bars(shutil.copytree(judge, tmp_path / "proven"), error_bars=BARS, abstain_below=0.999)


def only_in(folder, dimension, bars):
    """Leave the bars in one dimension alone."""
    manifest = json.loads((folder / "guardrank.json").read_text())
    for output in manifest["outputs"]:
        output["calibration"]["error_bars"] = bars if output["dimension"] == dimension else []
    (folder / "guardrank.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(("rate", "bar"), [(0.05, 0.528), (0.07, 0.528), (0.1, 0.522), (1, 0.522)])
def test_the_bar_of_the_largest_proven_rate_not_above_it(score, responses, proven, tmp_path, rate, bar):
    outcome = score(responses, "--judge", proven, "--abstain-at", rate)
    assert outcome.code == 0, outcome.err
    verdicts = read_jsonl(tmp_path / "r.verdicts.jsonl")
    assert all(verdict["abstained"] == (verdict["confidence"] < bar) for verdict in verdicts)
    assert len({verdict["abstained"] for verdict in verdicts}) == 2
    assert f"At most {100 * rate:.0f} % of the verdicts kept are wrong" in outcome.err
    assert f"{bar:.3f} in truthfulness" in outcome.err and f"{bar:.3f} in toxicity" in outcome.err
    assert f"{sum(v['abstained'] for v in verdicts)} of 24 verdicts abstain" in outcome.err


def test_about_half_of_the_rows_are_kept_and_only_they_are_in_the_table(score, judge, tmp_path):
    rows = numbered_rows(24, "toxicity")
    halving = halving_judge(judge, tmp_path / "halving", rows)
    outcome = score(write_jsonl(tmp_path / "r.jsonl", rows), "--judge", halving, "--abstain-at", "0.1")
    kept = [v for v in read_jsonl(tmp_path / "r.verdicts.jsonl") if not v["abstained"]]
    assert 8 <= len(kept) <= 16
    line = next(line for line in outcome.out.splitlines() if line.split()[:1] == ["toxicity"]).split()
    assert float(line[2]) == pytest.approx(sum(v["score"] for v in kept) / 3 / len(kept), abs=0.006)
    assert "Rows scored by" not in outcome.out


def test_without_it_the_judges_own_bar_stands(score, responses, proven, tmp_path):
    outcome = score(responses, "--judge", proven)
    assert all(verdict["abstained"] for verdict in read_jsonl(tmp_path / "r.verdicts.jsonl"))
    assert not (tmp_path / "r.abstained.jsonl").exists()
    assert "abstain" not in outcome.err


def test_a_dimension_that_cannot_promise_abstains_on_all_and_is_named(score, responses, proven, tmp_path):
    only_in(proven, "toxicity", [[0.1, 0.0]])
    outcome = score(responses, "--judge", proven, "--abstain-at", "0.1")
    assert outcome.code == 0, outcome.err
    assert "Every verdict in truthfulness (nothing is proven) abstains: no error rate of 0.1 can be" in outcome.err
    verdicts = read_jsonl(tmp_path / "r.verdicts.jsonl")
    assert {(v["dimension"], v["abstained"]) for v in verdicts} == {("toxicity", False), ("truthfulness", True)}
    assert all(v["score"] is not None for v in verdicts)


@pytest.mark.parametrize(
    ("bars", "options", "reason"),
    [
        ([], (), "nothing is proven of the error rate of two@"),
        (BARS, (), "the lowest is 0.05, by two@"),
        (BARS, ("--dim", "truthfulness"), "in truthfulness: give --abstain-at 0.05 or more"),
        (BARS, ("--dim", "bias"), "nothing is proven of the error rate of the judges here"),
    ],
)
def test_a_rate_that_no_judge_can_promise_is_wrong_usage(score, responses, proven, tmp_path, bars, options, reason):
    set_bars(proven, error_bars=bars)
    outcome = score(responses, "--judge", proven, "--abstain-at", "0.01", *options)
    assert (outcome.code, reason in outcome.err) == (2, True), outcome.err
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "r.verdicts.jsonl").exists()


@pytest.mark.parametrize("rate", ["1.5", "-0.1", "often"])
def test_what_is_no_rate_is_wrong_usage(score, responses, rate):
    assert score(responses, "--abstain-at", rate).code == 2


def test_the_judge_that_scores_a_dimension_is_the_one_to_promise(score, responses, proven, checkpoints, tmp_path):
    first = write_tiny_judge(tmp_path / "first", checkpoints["bert"], ("toxicity",)).folder
    outcome = score(responses, "--judge", first, "--judge", proven, "--abstain-at", "0.1")
    assert "Every verdict in toxicity (nothing is proven) abstains" in outcome.err
    by_dimension = {v["dimension"]: v["judge"].split("@")[0] for v in read_jsonl(tmp_path / "r.verdicts.jsonl")}
    assert by_dimension == {"toxicity": "first", "truthfulness": "two"}


def test_the_judge_keeps_its_name(score, responses, proven, tmp_path):
    names = set()
    for options in ((), ("--abstain-at", "0.05"), ("--abstain-at", "0.1")):
        score(responses, "--judge", proven, *options)
        names |= {verdict["judge"] for verdict in read_jsonl(tmp_path / "r.verdicts.jsonl")}
    assert len(names) == 1


def test_resume_goes_on_with_the_same_rate_and_with_no_other(score, responses, proven, tmp_path):
    run = (responses, "--judge", proven)
    score(*run, "--abstain-at", "0.1")
    whole = (tmp_path / "r.verdicts.jsonl").read_bytes()
    for other in ((), ("--abstain-at", "0.05")):
        outcome = score(*run, *other, "--resume")
        assert (outcome.code, "begun with other options (--abstain-at)" in outcome.err) == (1, True), outcome.err
    (tmp_path / "r.verdicts.jsonl").write_bytes(whole[:-7])
    assert score(*run, "--abstain-at", "0.1", "--resume").code == 0
    assert (tmp_path / "r.verdicts.jsonl").read_bytes() == whole
