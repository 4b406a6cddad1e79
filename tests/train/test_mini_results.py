"""The statistics of tests/benchmarks/mini_results.py, on verdicts made by hand; then the whole script, small."""

import gzip
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from tests_support.judges import write_tiny_judge
from tests_support.rows import annotated_rows, write_jsonl
from tests_support.scripts import script

from guardrank.agreement.sample import Bootstrap
from guardrank.dimensions import Dimension
from guardrank.judge import load_judge
from guardrank.records import Record
from guardrank.serve.exporting import ExportRequest, export_judge

mini_rows = script("mini_rows")
mini_figures = script("mini_figures")
mini_abstention = script("mini_abstention")
mini_bars = script("mini_bars")
mini_slices = script("mini_slices")
mini_plan = script("mini_plan")

FEW = Bootstrap(200)


def judged(positive, chance, alarm=None, confidence=None, dimension="toxicity", records=None):
    """Verdicts: each row is a prompt of its own unless there are ``records``."""
    n = len(positive)
    rows = records or [
        Record(id=f"{i}", prompt=f"p{i}", response="r", dimension=dimension, human=int(label))
        for i, label in enumerate(positive)
    ]
    chances = np.array(chance, np.float64)
    return mini_rows.Judged(
        rows,
        np.array(positive, bool),
        chances,
        chances > 0.5 if alarm is None else np.array(alarm, bool),
        np.ones(n) if confidence is None else np.array(confidence, np.float64),
    )


def test_accuracy_kappa_and_f1_by_hand():
    # labels 1 1 1 0 0, alarms 1 1 0 1 0: TP 2, FN 1, FP 1, TN 1
    rows = judged([1, 1, 1, 0, 0], [0.9, 0.8, 0.2, 0.7, 0.1])
    found = mini_figures.agreement_figures(rows.sample, FEW)
    assert found["accuracy"].value == pytest.approx(3 / 5)
    assert found["f1"].value == pytest.approx(4 / (4 + 1 + 1))
    # expected agreement 3/5 * 3/5 + 2/5 * 2/5 = 0.52
    assert found["kappa"].value == pytest.approx((0.6 - 0.52) / 0.48)


def test_f1_without_unsafe_labels_and_alarms_is_undefined():
    found = mini_figures.agreement_figures(judged([0, 0], [0.1, 0.2]).sample, FEW)
    assert found["f1"].value is None and "neither" in found["f1"].undefined


def test_ece_by_hand():
    # four rows at 0.2, one of them unsafe: off by 0.05; four at 0.9, three unsafe: off by 0.15; the mean is 0.1
    rows = judged([1, 0, 0, 0, 1, 1, 1, 0], [0.2] * 4 + [0.9] * 4)
    assert mini_figures.expected_calibration_error(rows, FEW).value == pytest.approx(0.1)


def test_a_measurement_names_what_it_reaches_and_doubts_itself():
    rows = judged([1, 0] * 10, [0.9, 0.1] * 10)
    source = mini_plan.Source("x", aim=mini_plan.Aim(metric="kappa", bound=0.9))
    one = mini_figures.measure(source, "trained", rows, source.aim, FEW)
    assert (one.n, one.clusters, one.positives, one.reached) == (20, 20, 10, True)
    assert one.undecided == "20 clusters (30 are needed), 10 positives (20 are needed)"


def test_an_ece_reaches_its_aim_from_below():
    rows = judged([1, 0] * 4, [0.97, 0.03] * 4)
    (one,) = [each for each in mini_figures.pooled(rows, FEW) if each.name == "toxicity"]
    assert one.ece.value == pytest.approx(0.03) and one.reached


def test_gpt4_is_asked_about_the_same_rows():
    records = [
        Record(id=f"{i}", prompt=f"p{i}", response="r", dimension="toxicity", human=label, judges={"gpt-4": said})
        for i, (label, said) in enumerate([(1, 1), (1, 0), (0, 0), (0, None)])
    ]
    rows = judged([1, 1, 0, 0], [0.9] * 4, records=records)
    found = mini_figures.recorded_figure(rows, "gpt-4", "accuracy")
    assert (found.n, found.value) == (3, pytest.approx(2 / 3))
    assert mini_figures.recorded_figure(rows, "nobody", "accuracy") is None


def test_rates_are_of_one_label():
    rows = judged([0, 0, 0, 0, 1, 1], [0.9, 0.1, 0.1, 0.1, 0.1, 0.9])
    assert mini_figures.rate(rows, unsafe=False, bootstrap=FEW).share.value == 0.25
    misses = mini_figures.rate(rows, unsafe=True, bootstrap=FEW)
    assert (misses.n, misses.share.value) == (2, 0.5)
    assert misses.undecided == "2 clusters (30 are needed), 2 rows (20 are needed)"


def test_share_of_errors_removed_by_hand():
    # the least sure fifth is the last of five rows; of the two errors it is one
    rows = judged([0, 1, 0, 0, 1], [0.1] * 5, confidence=[0.9, 0.8, 0.7, 0.6, 0.5])
    found = mini_abstention.abstention("trained", rows, (), FEW)
    assert (found.errors, found.removed.value, found.reached) == (2, 0.5, True)
    # error rates up to each row, surest first: 0, 1/2, 1/3, 1/4, 2/5
    assert found.aurc.value == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4 + 2 / 5) / 5)
    assert found.error_rate.value == pytest.approx(2 / 5)


def test_each_dimension_gives_up_a_fifth_of_its_own():
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
    ranks = mini_abstention.ranks_by_dimension(confidence, ["bias"] * 5 + ["privacy"] * 5)
    assert np.flatnonzero(ranks > 0.8).tolist() == [4, 9]


def test_a_confidence_that_knows_nothing_has_the_error_rate_as_its_area():
    rng = np.random.default_rng(0)
    wrong = rng.random(4000) < 0.3
    area = mini_abstention.risk_coverage_area(rng.random(4000), wrong, np.arange(4000), FEW)
    assert area.value == pytest.approx(0.3, abs=0.03)
    assert area.low < 0.3 < area.high


def output(dimension, below, bars=()):
    """An output with promised error rates, whatever the manifest of today has."""
    calibration = SimpleNamespace(abstain_below=below, error_bars=bars)
    return SimpleNamespace(dimension=Dimension(dimension), calibration=calibration)


def test_promised_error_rates_by_hand():
    # above 0.6 are three rows, one of them wrong
    rows = judged([0, 1, 0, 0, 1], [0.1] * 5, confidence=[0.9, 0.8, 0.7, 0.55, 0.5])
    default, promised = mini_abstention.promises(rows, [output("toxicity", 0.0, ((0.1, 0.6),))], FEW)
    assert (default.promised, default.kept, default.coverage.value) == (None, 5, 1.0)
    assert (promised.promised, promised.kept, promised.coverage.value) == (0.1, 3, 0.6)
    assert promised.error_rate.value == pytest.approx(1 / 3)


def test_a_promise_is_kept_apart_by_dimension_and_a_judge_without_one_has_the_default_alone():
    outputs = [output("toxicity", 0.2), output("bias", 0.3)]
    rows = mini_rows.join([judged([0], [0.1]), judged([1], [0.9], dimension="bias")])
    found = list(mini_abstention.promises(rows, outputs, FEW))
    assert [(each.rows, each.promised) for each in found] == [("all", None), ("toxicity", None), ("bias", None)]


def test_a_bar_from_elsewhere_by_hand():
    # in "low" 0.1 is safe and 0.3 unsafe, in "high" 0.6 and 0.9, but for one row: no bar suits both
    dev = {
        "low": judged([0, 1] * 10, [0.1, 0.3] * 10),
        "high": judged([1, 1] + [0, 1] * 9, [0.6, 0.9] * 10),
    }
    low, high = mini_bars.bars_elsewhere(dev, FEW, sources_alike=True)
    assert 0.1 <= low.bar == high.bar < 0.3
    assert (low.kappa.value, low.accuracy.value) == (1.0, 1.0)
    assert 0.6 <= low.bar_elsewhere < 0.9
    assert (low.accuracy_elsewhere.value, low.kappa_elsewhere.value, low.difference.value) == (0.5, 0.0, -1.0)
    assert 0.1 <= high.bar_elsewhere < 0.3
    assert high.difference.value == 0.0


def test_a_source_of_one_label_is_no_elsewhere():
    dev = {"two": judged([0, 1] * 10, [0.1, 0.9] * 10), "one": judged([0] * 20, [0.1] * 20)}
    assert list(mini_bars.bars_elsewhere(dev, FEW, sources_alike=False)) == []


def xstest(unsafe, compliance, kind="definitions", response="A word with a history.", human=0):
    meta = {"prompt_unsafe": unsafe, "compliance_human": compliance, "type": kind}
    return Record(id="x", prompt="p", response=response, dimension="legality", human=human, meta=meta)


def test_the_kinds_of_rows_are_told_apart():
    records = [
        xstest(False, 2),  # a safe answer, on harm
        xstest(False, 2, kind="homonyms"),  # a safe answer
        xstest(False, 0, response="I'm sorry, but I can't help with that."),
        xstest(True, 2, kind="contrast_definitions", human=2),
    ]
    rows = judged([0, 0, 0, 1], [0.9, 0.1, 0.1, 0.9], records=records)
    found = {one.name: one for one in mini_slices.slices({"xstest": rows}, FEW)}
    assert found["safe answer, xstest"].false_alarms.n == 2
    assert found["safe answer, xstest"].false_alarms.share.value == 0.5
    assert found["quoted harm, xstest"].false_alarms.share.value == 1.0
    assert found["refusal, xstest"].false_alarms.n == 1
    assert (found["full compliance, xstest"].misses.n, found["full compliance, xstest"].false_alarms.n) == (1, 0)


def test_the_plan_measures_no_source_twice_and_none_that_nobody_labelled():
    names = [source.name for source in (*mini_plan.SHIPPED, *mini_plan.UNSEEN)]
    assert len(set(names)) == len(names) and "halluqa_zh_llmonly" not in names


def shared_row(source, prompt, split, human=0, **more):
    return {"id": f"{source}-{prompt}-{split}", "source": source, "prompt": prompt, "response": "Some words."} | (
        {"dimension": "legality", "lang": "en", "human": human, "split": split} | more
    )


def write_shared(folder, rows):
    """The rows as NAME.jsonl.gz by source."""
    for name in {row["source"] for row in rows}:
        lines = "".join(json.dumps(row) + "\n" for row in rows if row["source"] == name)
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines.encode()))


def test_rows_with_a_training_prompt_are_left_out_of_unseen_files(tmp_path):
    write_shared(
        tmp_path,
        [
            shared_row("diasafety", "How are  You?", "train"),
            shared_row("diasafety", "And you?", "dev"),
            shared_row("diasafety", "Well?", "test"),
            shared_row("halluqa_zh_llmonly", "weak", "train", None, judges={"gpt-4": 1}, dimension="truthfulness"),
            *(shared_row("xstest", prompt, "train") for prompt in ("how are you?", "And you?", "weak", "Well?")),
            shared_row("xstest", "new", "test"),
        ],
    )
    found = {rows.source.name: rows for rows in mini_rows.read_sources(tmp_path, {"diasafety"}, None)}
    assert sorted(found) == ["diasafety", "xstest"]
    assert [row.prompt for row in found["diasafety"].measured] == ["Well?"]
    assert [row.prompt for row in found["diasafety"].dev] == ["And you?"]
    assert [row.prompt for row in found["xstest"].measured] == ["Well?", "new"]
    assert found["xstest"].left_out == 3


def test_an_unseen_file_that_was_trained_on_gives_its_test_rows(tmp_path):
    write_shared(tmp_path, [shared_row("beavertails_test", f"p{i}", s) for i, s in enumerate(("train", "test"))])
    (found,) = mini_rows.read_sources(tmp_path, {"beavertails_test"}, None)
    assert [row.prompt for row in found.measured] == ["p1"]
    assert found.source.aim_for({"beavertails_test"}).bound == 0.80
    assert found.source.aim_for(set()).bound == 0.72


@pytest.fixture(scope="module")
def exported(checkpoints, tmp_path_factory):
    """A tiny judge of all dimensions with an int8 export, as ships."""
    folder = tmp_path_factory.mktemp("judges") / "tiny"
    write_tiny_judge(folder, checkpoints["bert"], tuple(Dimension))
    rows = write_jsonl(folder.parent / "gate.jsonl", annotated_rows("truthfulness", 40))
    export_judge(ExportRequest(folder, "int8", (str(rows),), accept=True))
    return folder


def test_the_whole_script(exported, tmp_path, monkeypatch, capsys):
    write_shared(
        tmp_path,
        [
            *(shared_row("diasafety", f"d{i}", ("train", "dev", "test")[i % 3], i % 2) for i in range(60)),
            *(shared_row("xstest", f"x{i}", "test", i % 3) for i in range(30)),
        ],
    )
    out = {name: tmp_path / f"mini.{name}" for name in ("json", "markdown")}
    options = [part for name, file in out.items() for part in (f"--{name}", str(file))]
    given = ["--judge", str(exported), "--shared", str(tmp_path), "--into", str(exported), "--resamples", "100"]
    monkeypatch.setattr(sys, "argv", ["mini_results.py", *given, *options])
    script("mini_results").main()
    assert "diasafety, unseen" in capsys.readouterr().out  # the tiny judge was trained on nothing
    kept = json.loads(out["json"].read_text())
    assert kept["environment"]["versions"]["onnxruntime"]
    assert [one["name"] for one in kept["figures"]["measurements"]] == ["diasafety", "xstest"]
    assert kept["figures"] == json.loads((exported / "metrics.json").read_text())["test"]
    assert "### Aims" in out["markdown"].read_text("utf-8")
    loaded = load_judge(exported, device="cpu")
    assert loaded.variant == "int8" == kept["figures"]["variant"]
    assert f"sha256 `{loaded.content_hash}`" in (exported / "README.md").read_text("utf-8")
    assert kept["figures"]["examples"] and len(kept["figures"]["examples"]) <= 8
