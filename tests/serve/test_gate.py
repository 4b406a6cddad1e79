"""The gate on a real judge and its logits: what is equal passes, what is damaged is refused with its figures."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from tests_support.judges import write_tiny_judge

from guardrank.annotations import read_records
from guardrank.judge import Calibration, HeadJudge, Manifest, Output
from guardrank.metrics import quadratic_weighted_kappa, wilson_interval
from guardrank.records import Record
from guardrank.serve.gate import compare
from guardrank.serve.gate_report import GateRefusedError, GateReport, check_gate
from guardrank.train.data import seed_file

LN3 = math.log(3)


def with_outputs(manifest: Manifest, *outputs: Output) -> Manifest:
    return manifest.model_copy(update={"outputs": outputs})


def output(dimension="truthfulness", classes=2, start=0, **calibration) -> Output:
    return Output(
        dimension=dimension, classes=classes, start=start, link="ordinal", calibration=Calibration(**calibration)
    )


@pytest.fixture(scope="module")
def manifest(judge):
    """A manifest whose outputs the tests replace."""
    return Manifest.model_validate_json((judge / "guardrank.json").read_bytes())


@pytest.fixture
def truth(manifest):
    """A judge of truthfulness with one logit: above 0 is a 1."""
    return with_outputs(manifest, output())


def record(number=0, dimension="truthfulness", **fields) -> Record:
    return Record(**{"id": f"r{number}", "prompt": f"p{number}", "response": "r", "dimension": dimension} | fields)


def rows(count: int, **fields) -> list[Record]:
    return [record(i, **fields) for i in range(count)]


def logits(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)[:, None]


def flip(values: np.ndarray, count: int) -> np.ndarray:
    """``values`` with the first ``count`` of them turned around."""
    return np.concatenate([-values[:count], values[count:]])


class Damaged:
    """A judge of two dimensions on its seed rows, and its logits when one layer is damaged."""

    def __init__(self, base, folder) -> None:
        written = write_tiny_judge(folder / "judge", base, ("truthfulness", "toxicity"))
        self.judge = HeadJudge(written.manifest, written.encoder, written.engine, "0" * 64)
        self.records = [
            row for output in written.manifest.outputs for row in read_records(seed_file(output.dimension))
        ]
        self.reference = written.logits(self.records)
        # the tiny judge is untrained: centre its logits, so that it says every score
        centre = [
            -np.median(self.reference[:, o.columns], axis=0) * np.ones(o.width) for o in written.manifest.outputs
        ]
        self.judge.manifest = self.manifest = with_outputs(
            written.manifest,
            *(
                o.model_copy(update={"calibration": Calibration(bias=tuple(bias.tolist()), abstain_below=0.5)})
                for o, bias in zip(written.manifest.outputs, centre, strict=True)
            ),
        )
        self.verdicts = list(self.judge.score(self.records))
        layer = written.engine.model.get_submodule(
            "base_model.model.bert.encoder.layer.0.intermediate.dense.base_layer"
        )
        with torch.no_grad():
            layer.weight += torch.randn(layer.weight.shape, generator=torch.Generator().manual_seed(0))
        self.exported = written.logits(self.records)
        self.verdicts_exported = list(self.judge.score(self.records))


@pytest.fixture(scope="module")
def damaged(checkpoints, tmp_path_factory):
    """A judge, and an export of it that went wrong."""
    return Damaged(checkpoints["bert"], tmp_path_factory.mktemp("damaged"))


def test_the_same_logits_pass_with_zeros(damaged):
    report = compare(damaged.manifest, damaged.records, damaged.reference, damaged.reference.copy())
    assert (report.rows, report.labelled, report.flipped, report.flipped_share) == (240, 240, 0, 0)
    assert (report.largest_difference, report.mean_difference, report.abstentions_changed) == (0, 0, 0)
    assert (report.kappa_change, report.kappa_change_interval) == (0, (0, 0))
    assert report.passes(0)
    check_gate("fp32", report, bound=0)


def test_a_damaged_model_is_refused_with_the_figures(damaged):
    report = compare(damaged.manifest, damaged.records, damaged.reference, damaged.exported)
    assert report.flipped > 20
    with pytest.raises(GateRefusedError) as refused:
        check_gate("int8", report)
    text = str(refused.value)
    assert text.startswith(f"refused by the gate: int8 flips {report.flipped} of 240 scores (")
    assert f"moves probabilities by at most {report.largest_difference:.2g}, kappa" in text
    assert "at most 1 % may flip" in text and "--accept" in text
    assert refused.value.exit_code == 1
    check_gate("int8", report, accept=True)


def test_the_figures_are_those_of_the_verdicts(damaged):
    # counted anew from what the judge says with either weights
    report = compare(damaged.manifest, damaged.records, damaged.reference, damaged.exported)
    before, after = damaged.verdicts, damaged.verdicts_exported
    pairs = list(zip(before, after, strict=True))
    flipped = [a.score != b.score for a, b in pairs]
    moved = [max(abs(p - q) for p, q in zip(a.probs, b.probs, strict=True)) for a, b in pairs]
    assert report.flipped == sum(flipped)
    assert report.largest_difference == pytest.approx(max(moved), abs=2e-6)
    assert report.mean_difference == pytest.approx(np.mean(moved), abs=2e-6)
    assert report.abstentions_changed == sum(a.abstained != b.abstained for a, b in pairs)
    low, high = wilson_interval(np.array(flipped), [row.prompt for row in damaged.records])
    assert report.flipped_interval == pytest.approx((low, high), abs=1e-6)
    for name, classes in (("truthfulness", 2), ("toxicity", 4)):
        places = [i for i, row in enumerate(damaged.records) if row.dimension == name]
        part, human = report.dimensions[name], [damaged.records[i].human for i in places]
        assert (part.rows, part.flipped) == (120, sum(flipped[i] for i in places))
        for kappa, verdicts in ((part.kappa_torch, before), (part.kappa_export, after)):
            expected = quadratic_weighted_kappa(human, [verdicts[i].score for i in places], classes).value
            assert kappa == pytest.approx(expected, abs=1e-4)
    parts = report.dimensions.values()
    assert report.kappa_torch == pytest.approx(np.mean([part.kappa_torch for part in parts]), abs=1e-4)
    low, high = report.kappa_change_interval
    assert low <= report.kappa_change <= high


@pytest.mark.parametrize(
    ("count", "bound", "passes"),
    [(7, 0.01, True), (8, 0.01, False), (0, 0.0, True), (1, 0.0, False), (203, 0.29, True), (204, 0.29, False)],
)
def test_exactly_the_bound_passes(truth, count, bound, passes):
    said = np.ones((700, 1), dtype=np.float32)
    report = compare(truth, rows(700), said, flip(said, count))
    assert (report.flipped, report.passes(bound)) == (count, passes)


def test_the_sentence(truth):
    # 7 of 1,082: Wilson's interval by hand is (0.0082161 -+ 0.0050780), i.e. [0.31 %, 1.33 %]
    said = np.full((1082, 1), LN3, dtype=np.float32)
    human = [1] * 800 + [0] * 282
    report = compare(truth, [record(i, human=label) for i, label in enumerate(human)], said, flip(said, 7))
    # 3/4 becomes 1/4. Torch says 1 throughout: kappa 0. The export errs in 282 + 7 rows where chance, with means
    # 800/1082 and 1075/1082, expects 0.1927 + 0.0064 + 0.2542^2 = 0.2637: kappa 1 - 0.2671 / 0.2637
    assert report.sentence("int8") == (
        "int8 flips 7 of 1,082 scores (0.65 % [0.31, 1.33]), moves probabilities by at most 0.5, "
        "kappa 0.000 -> -0.013"
    )


def test_rows_of_one_prompt_widen_the_interval(truth):
    said = np.ones((200, 1), dtype=np.float32)
    apart, together = (
        compare(truth, [record(i, prompt=f"p{i // size}") for i in range(200)], said, flip(said, 20))
        for size in (1, 10)
    )
    assert apart.flipped_share == together.flipped_share == 0.1
    assert together.flipped_interval[0] < apart.flipped_interval[0]
    assert together.flipped_interval[1] > apart.flipped_interval[1]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_row_that_only_one_side_gives_a_number_for_is_flipped_and_named(truth, bad):
    reference, exported = logits(1, 1, 1, -1), logits(1, bad, 1, -1)
    records = rows(4, human=1)
    for report in (compare(truth, records, reference, exported), compare(truth, records, exported, reference)):
        assert (report.flipped, report.not_a_number, report.labelled) == (1, 1, 3)
        assert (report.largest_difference, report.unreadable) == (0, ("r1",))
        assert not report.passes(1.0)
        assert report.sentence("int4").endswith("no number for 1 row: r1")
        with pytest.raises(GateRefusedError, match="no number for 1 row: r1; at most 100 % may flip"):
            check_gate("int4", report, bound=1.0)


def test_no_number_on_both_sides_is_no_flip_but_no_pass_either(truth):
    reference = logits(1, math.nan, -1)
    report = compare(truth, rows(3), reference, reference)
    assert (report.flipped, report.not_a_number, report.passes(1.0)) == (0, 1, False)


def test_an_export_without_any_number(truth):
    report = compare(truth, rows(8, human=1), np.ones((8, 1)), np.full((8, 1), np.nan))
    assert (report.flipped, report.flipped_share, report.labelled) == (8, 1, 0)
    assert report.largest_difference is report.mean_difference is report.kappa_change is None
    assert report.sentence("int8") == (
        "int8 flips 8 of 8 scores (100.00 % [67.56, 100.00]), no number for 8 rows: r0, r1, r2, r3, r4, ..."
    )


def test_ids_stay_out_of_what_is_dumped(truth):
    report = compare(truth, [record(id="secret")], logits(1), logits(math.nan))
    assert report.unreadable == ("secret",)
    assert "secret" not in report.model_dump_json()
    assert GateReport.model_validate_json(report.model_dump_json()).flipped == 1


def test_an_interval_label_agrees_with_every_score_in_it(manifest):
    judge = with_outputs(manifest, output("toxicity", classes=4))
    score = {0: (-9, -9, -9), 1: (9, -9, -9), 3: (9, 9, 9)}
    reference, exported = (np.array([score[s] for s in said]) for said in ((0, 1, 0, 1), (0, 3, 0, 3)))
    records = [record(i, "toxicity", human=label) for i, label in enumerate([0, (1, 3), 0, (1, 3)])]
    report = compare(judge, records, reference, exported)
    assert (report.flipped, report.kappa_torch, report.kappa_export) == (2, 1, 1)


def test_unlabelled_rows_count_for_flips_and_not_for_kappa(truth):
    records = [record(i, human=label) for i, label in enumerate([0, 1, None, None])]
    report = compare(truth, records, logits(-1, 1, 1, 1), logits(-1, 1, 1, -1))
    assert (report.rows, report.flipped, report.labelled, report.kappa_change) == (4, 1, 2, 0)
    unlabelled = compare(truth, rows(4), logits(1, 1, 1, 1), logits(1, 1, 1, -1))
    assert (unlabelled.labelled, unlabelled.kappa_torch, unlabelled.kappa_change_interval) == (0, None, None)
    assert "kappa" not in unlabelled.sentence("int8")


def test_a_label_off_the_judges_scale_counts_as_none(truth):
    report = compare(truth, [record(0, human=3), record(1, human=(1, 3))], logits(1, 1), logits(1, 1))
    assert report.labelled == 0


def test_one_cluster_has_no_interval_of_the_change(truth):
    records = [record(i, prompt="same", human=i % 2) for i in range(4)]
    report = compare(truth, records, logits(-1, 1, -1, 1), logits(-1, 1, -1, -1))
    assert (report.kappa_torch, report.kappa_change, report.kappa_change_interval) == (1, -0.5, None)


def test_dimensions_that_share_columns_are_decoded_each_its_own_way(manifest):
    judge = with_outputs(
        manifest,
        output("bias", classes=4),
        output("toxicity", classes=4, thresholds=(0.8, 0.8, 0.8), abstain_below=0.8),
    )
    # P(Y > 0) moves from 3/4 to 9/10: beyond the threshold of toxicity alone
    reference, exported = (np.array([[x, -99, -99]] * 2) for x in (LN3, math.log(9)))
    report = compare(judge, [record(0, "bias"), record(1, "toxicity")], reference, exported)
    assert {name: part.flipped for name, part in report.dimensions.items()} == {"bias": 0, "toxicity": 1}
    assert {name: part.abstentions_changed for name, part in report.dimensions.items()} == {
        "bias": 0,
        "toxicity": 1,
    }
    assert report.flipped == report.abstentions_changed == 1
    assert report.largest_difference == pytest.approx(0.15)


def test_another_dimensions_broken_column_does_no_harm(manifest):
    judge = with_outputs(manifest, output("truthfulness"), output("bias", classes=4, start=1))
    said = np.array([[1, math.nan, math.nan, math.nan], [math.nan, 1, 1, 1]])
    report = compare(judge, [record(0), record(1, "bias")], said, said)
    assert (report.not_a_number, report.passes(0)) == (0, True)


def test_a_small_dimension_cannot_hide_in_a_large_one(manifest):
    judge = with_outputs(manifest, output("truthfulness"), output("bias", classes=4, start=1))
    records = rows(980) + [record(f"b{i}", "bias") for i in range(20)]
    reference = np.ones((1000, 4))
    exported = reference.copy()
    exported[-8:, 1:] = -1
    report = compare(judge, records, reference, exported)
    assert report.passes(0.01)
    assert report.surely_above(0.01) == ["bias"]


@pytest.mark.parametrize(
    ("records", "reference", "exported"),
    [
        ([], np.empty((0, 1)), np.empty((0, 1))),
        (rows(2), np.ones((2, 1)), np.ones((3, 1))),
        (rows(2), np.ones((2, 2)), np.ones((2, 2))),
        ([record(0, "bias")], np.ones((1, 1)), np.ones((1, 1))),
    ],
)
def test_what_cannot_be_compared(truth, records, reference, exported):
    with pytest.raises(ValueError):
        compare(truth, records, reference, exported)


def test_the_gate_needs_no_torch():
    code = (
        "import sys, guardrank.serve.gate, guardrank.serve.gate_rows, guardrank.serve.gate_table,"
        " guardrank.serve.export_card\n"
        "assert not {'torch', 'transformers', 'onnx', 'datasets'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
