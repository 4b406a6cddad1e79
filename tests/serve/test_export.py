"""guardrank-export on tiny judges of the three families: parity with torch, the gate, what is left behind."""

import functools
import shutil

import numpy as np
import onnx
import orjson
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper
from tests_support.commands import run_here
from tests_support.judges import sample_records, write_tiny_judge
from tests_support.rows import annotated_rows, write_jsonl
from tests_support.shapes import SHAPES, make_batch

from guardrank.engine.onnx_engine import OnnxEngine
from guardrank.errors import GuardRankError, JudgeError, UsageError
from guardrank.judge import load_judge
from guardrank.judge.manifest import read_manifest, write_manifest
from guardrank.records import Record
from guardrank.serve import exporting
from guardrank.serve.export import app
from guardrank.serve.export_model import TrainedModel
from guardrank.serve.gate_report import GateRefusedError

KINDS = {"lora": {}, "lora bfloat16": {"base_dtype": "bfloat16"}, "full": {"full": True}}


@pytest.fixture
def export(capfd, monkeypatch, tmp_path):
    """Run guardrank-export with 40 rows to compare on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    rows = write_jsonl(tmp_path / "gate.jsonl", annotated_rows("truthfulness", 60))
    return lambda *arguments: run_here(app, capfd, monkeypatch, "--gate-data", rows, *arguments)


@pytest.fixture(scope="session")
def exported(checkpoints, tmp_path_factory):
    """A BERT judge with fp32 and int8 exports; tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("exported") / "judge"
    write_tiny_judge(folder, checkpoints["bert"])
    rows = write_jsonl(folder.parent / "gate.jsonl", annotated_rows("truthfulness", 60))
    for precision in ("fp32", "int8"):
        exporting.export_judge(exporting.ExportRequest(folder, precision, (str(rows),), accept=True))
    return folder


@pytest.fixture
def copied(exported, tmp_path):
    return shutil.copytree(exported, tmp_path / "judge")


def logits_of(judge, records):
    return judge.engine.logits([row.ids for row in judge.encoder.encode(records)])


@pytest.fixture(
    scope="module", params=[(family, kind) for family in ("bert", "llama", "roberta") for kind in KINDS]
)
def fp32(request, checkpoints, tmp_path_factory):
    """(torch model of a judge, its fp32 export, padding id)."""
    family, kind = request.param
    folder = tmp_path_factory.mktemp("fp32") / "judge"
    written = write_tiny_judge(folder, checkpoints[family], **KINDS[kind])
    model = TrainedModel(folder, written.manifest)
    (file,) = model.write("fp32", folder, [])
    return load_judge(folder, variant="torch", device="cpu").engine.model, file, written.manifest


@pytest.mark.parametrize("shape", SHAPES)
def test_fp32_is_the_merged_judge_on_every_shape(fp32, shape):
    model, file, manifest = fp32
    batch = make_batch(shape, 800, manifest.components[0].pad_id)
    session = OnnxEngine(file, threads=1)._session
    feed = batch | {"token_type_ids": np.zeros_like(batch["input_ids"])}
    found = session.run(["logits"], {each.name: feed[each.name] for each in session.get_inputs()})[0]
    with torch.inference_mode():
        expected = model(**{name: torch.from_numpy(array) for name, array in batch.items()}).logits.numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", ["bert", "roberta", "llama"])
def test_an_exported_judge_says_what_torch_says(checkpoints, tmp_path, export, family):
    folder = tmp_path / "judges" / family
    write_tiny_judge(folder, checkpoints[family])
    result = export(folder, "--precision", "fp32")
    assert result.code == 0, result.err
    assert "fp32 flips 0 of 48 scores" in result.err
    assert load_judge(folder).variant == "fp32"
    records = sample_records()
    ours, theirs = load_judge(folder), load_judge(folder, variant="torch", device="cpu")
    np.testing.assert_allclose(logits_of(ours, records), logits_of(theirs, records), atol=1e-5)
    assert ours.name != theirs.name, "verdicts tell which weights they are from"


@pytest.mark.parametrize("family", ["bert", "roberta", "llama"])
def test_int8_is_close_and_is_taken_first(checkpoints, tmp_path, export, family):
    folder = tmp_path / family
    write_tiny_judge(folder, checkpoints[family])
    assert export(folder, "--precision", "int8", "--bound", "0.5").code == 0
    # five rows are too few to tell how far the logits of a tiny judge spread
    records = sample_records() + [Record.model_validate(row) for row in annotated_rows("truthfulness", 60)]
    judge = load_judge(folder)
    assert judge.variant == "int8"
    torch_logits = logits_of(load_judge(folder, variant="torch", device="cpu"), records)
    assert np.abs(logits_of(judge, records) - torch_logits).max() < 0.1 * np.ptp(torch_logits)
    figures = orjson.loads((folder / "metrics.json").read_bytes())["exports"]["int8"]
    assert figures["gate"]["rows"] == 48 and 0 < figures["gate"]["largest_difference"] < 0.2
    assert "| int8 |" in (folder / "README.md").read_text("utf-8")


def test_auto_writes_what_all_tools_read_and_what_is_fast(checkpoints, tmp_path, export):
    folder = tmp_path / "both"
    write_tiny_judge(folder, checkpoints["bert"])
    result = export(folder, "--bound", "0.5")
    assert result.code == 0, result.err
    assert set(read_manifest(folder).weights) == {"torch", "fp32", "int8"}
    assert {"model.onnx", "model_int8.onnx", "config.json"} <= {file.name for file in folder.iterdir()}
    assert "fp32" in result.out and "int8" in result.out


def test_optimum_loads_the_folder(exported):
    from optimum.onnxruntime import ORTModelForSequenceClassification

    batch = make_batch("right", 800, 0)
    judge = load_judge(exported, variant="torch", device="cpu")
    tensors = {name: torch.from_numpy(array) for name, array in batch.items()}
    with torch.inference_mode():
        expected = judge.engine.model(**tensors).logits.numpy()
    for file, tolerance in (("model.onnx", 1e-5), ("model_int8.onnx", 0.1 * np.ptp(expected))):
        model = ORTModelForSequenceClassification.from_pretrained(str(exported), file_name=file)
        np.testing.assert_allclose(model(**tensors).logits.numpy(), expected, atol=tolerance)


# --- the gate


@pytest.fixture
def damaging(monkeypatch):
    """Every export has its matrices mixed up."""
    write = TrainedModel.write

    def write_and_damage(self, precision, target, calibration):
        files = write(self, precision, target, calibration)
        model = onnx.load(files[0])
        random = np.random.default_rng(0)
        for weight in model.graph.initializer:
            array = numpy_helper.to_array(weight)
            if array.ndim == 2 and array.size >= 32 * 32:
                weight.CopyFrom(numpy_helper.from_array(random.permuted(array, axis=None), weight.name))
        onnx.save(model, files[0])
        return files

    monkeypatch.setattr(TrainedModel, "write", write_and_damage)


def test_a_damaged_export_is_refused_with_the_figures(checkpoints, tmp_path, export, damaging):
    folder = tmp_path / "judge"
    write_tiny_judge(folder, checkpoints["bert"])
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    result = export(folder, "--precision", "int8")
    assert result.code == 1
    assert "refused by the gate: int8 flips" in result.err and "at most 1 % may flip" in result.err
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_accept_keeps_it_and_says_so(checkpoints, tmp_path, export, damaging):
    folder = tmp_path / "judge"
    write_tiny_judge(folder, checkpoints["bert"])
    assert export(folder, "--precision", "int8", "--accept").code == 0
    assert orjson.loads((folder / "metrics.json").read_bytes())["exports"]["int8"]["accepted"]
    assert "refused, but accepted (bound 1 %)" in (folder / "README.md").read_text("utf-8")


def test_auto_fails_where_nothing_passes(checkpoints, tmp_path, export, damaging):
    folder = tmp_path / "judge"
    write_tiny_judge(folder, checkpoints["bert"])
    result = export(folder)
    assert result.code == 1
    assert result.out.count("48") >= 2, "both are in the table"
    assert "refused by the gate" in result.err
    assert set(read_manifest(folder).weights) == {"torch"}


def test_auto_keeps_the_one_that_passes(checkpoints, tmp_path, export, monkeypatch):
    folder = tmp_path / "judge"
    write_tiny_judge(folder, checkpoints["bert"])
    monkeypatch.setattr(exporting, "check_gate", refuse_int8)
    result = export(folder)
    assert result.code == 0 and "refused by the gate: int8" in result.err
    assert set(read_manifest(folder).weights) == {"torch", "fp32"}


def refuse_int8(variant, report, *, bound, accept):
    """A gate that no rounding passes."""
    if variant == "int8":
        raise GateRefusedError(variant, report, bound)


# --- what is loaded is what was written


@pytest.mark.parametrize("variant", ["fp32", "int8"])
@pytest.mark.parametrize("damage", ["truncated", "tampered", "missing"])
def test_a_model_that_was_changed_is_not_loaded(copied, variant, damage):
    file = copied / ("model.onnx" if variant == "fp32" else "model_int8.onnx")
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(content[:-100] if damage == "truncated" else content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(JudgeError, match="lacks" if damage == "missing" else "its hash differs"):
        load_judge(copied, variant=variant)


def test_a_changed_tokenizer_is_not_loaded(copied):
    (copied / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(JudgeError, match="its hash differs"):
        load_judge(copied, variant="int8")


def test_a_variant_that_is_not_there_is_named(exported):
    with pytest.raises(
        UsageError, match="has no int4 variant, only fp32, int8, torch: make it with guardrank-export"
    ):
        load_judge(exported, variant="int4")


def test_a_judge_that_was_changed_is_not_exported(copied, export):
    with (copied / "adapter_model.safetensors").open("ab") as stream:
        stream.write(b"x")
    result = export(copied)
    assert result.code == 1 and "its hash differs" in result.err


def test_what_is_no_judge_folder_is_said(tmp_path, export):
    result = export(tmp_path / "nothing")
    assert result.code == 2 and "is no judge folder" in result.err


def test_int4_is_for_llama(copied, export):
    result = export(copied, "--precision", "int4")
    assert result.code == 2 and "int4 is made for llama, not for bert" in result.err


# --- the same on every machine, in any company


@pytest.mark.parametrize("variant", ["fp32", "int8"])
def test_an_export_that_computes_otherwise_here_is_not_loaded(copied, variant):
    manifest = read_manifest(copied)
    said = load_judge(copied, variant=variant).content_hash
    close = [logit + 1e-3 for logit in manifest.probes[variant]]
    write_manifest(copied, manifest.model_copy(update={"probes": {variant: tuple(close)}}))
    assert load_judge(copied, variant=variant).content_hash == said, "the answer is no part of the judge"
    far = [logit + 0.5 for logit in manifest.probes[variant]]
    write_manifest(copied, manifest.model_copy(update={"probes": {variant: tuple(far)}}))
    with pytest.raises(JudgeError, match=f"the {variant} export .* computes something else on this machine"):
        load_judge(copied, variant=variant)


def test_int8_without_rows_to_calibrate_with_is_refused(checkpoints, tmp_path, export):
    folder = tmp_path / "judge"
    written = write_tiny_judge(folder, checkpoints["bert"])
    with pytest.raises(GuardRankError, match="rows of more than one prompt"):
        TrainedModel(folder, written.manifest).write("int8", folder, [])


@pytest.fixture(scope="module")
def verdicts(exported):
    """Records of many lengths, and each one's verdict alone."""
    rows = enumerate(annotated_rows("truthfulness", 48))
    changed = [row | {"id": f"r{i}", "response": f"{row['response']} " * (1 + i % 9)} for i, row in rows]
    records = [Record.model_validate(row) for row in changed]
    judge = load_judge(exported, variant="int8", threads=1)
    return records, [next(judge.score([record])) for record in records]


@given(order=st.lists(st.integers(0, 47), min_size=1, max_size=100), threads=st.sampled_from([1, 2]))
def test_a_verdict_is_the_same_in_any_company(exported, verdicts, order, threads):
    records, alone = verdicts
    judge = _loaded(exported, threads)
    assert list(judge.score([records[i] for i in order])) == [alone[i] for i in order]


@functools.cache
def _loaded(folder, threads):
    return load_judge(folder, variant="int8", threads=threads)
