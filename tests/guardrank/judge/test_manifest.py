"""guardrank.json: read back as written, refused in one sentence, and hashed over what decides a verdict."""

import hashlib
import json
import re

import orjson
import pytest
from tests_support.judges import write_tiny_judge

from guardrank.errors import JudgeError
from guardrank.judge import Calibration, Manifest, Output, Transformer, read_manifest, write_manifest
from guardrank.judge.base import Base
from guardrank.judge.manifest import judge_hash, verify_weights


def transformer(**changes) -> Transformer:
    values = {
        "base": Base(id="embedded", sha256="0" * 64, dtype="bfloat16"),
        "adapter": "lora",
        "pad_id": 0,
        "template": "guardrank",
        "max_tokens": 160,
        "truncation": "head_tail",
    }
    return Transformer(**values | changes)


def manifest(**changes) -> Manifest:
    outputs = (
        Output(
            dimension="bias",
            classes=4,
            start=0,
            link="ordinal",
            calibration=Calibration(
                temperature=1.5, bias=(0.1, 0.2, -0.3), thresholds=(0.4, 0.5, 0.6), abstain_below=0.55
            ),
        ),
        Output(dimension="truthfulness", classes=2, start=3, link="nominal"),
    )
    values = {"name": "双语 judge", "components": (transformer(),), "outputs": outputs, "training": {"seed": 7}}
    return Manifest(**values | changes)


def change(folder, **changes) -> None:
    """Change fields of ``guardrank.json``, given by dotted path with ``__`` for the dots."""
    file = folder / "guardrank.json"
    content = json.loads(file.read_text("utf-8"))
    for path, value in changes.items():
        *parents, last = [int(part) if part.isdigit() else part for part in path.split("__")]
        inner = content
        for part in parents:
            inner = inner[part]
        inner[last] = value
    file.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def refusal(folder) -> str:
    with pytest.raises(JudgeError) as caught:
        read_manifest(folder)
    message = str(caught.value)
    assert "\n" not in message and "pydantic" not in message and ": :" not in message
    return message


def test_round_trip(tmp_path):
    written = manifest(weights={"torch": {"a.safetensors": "1" * 64}}, versions={"numpy": "2.0"}, own_labels=True)
    write_manifest(tmp_path, written)
    assert read_manifest(tmp_path) == written
    text = (tmp_path / "guardrank.json").read_text("utf-8")
    assert text.endswith("}\n") and "双语" in text
    assert list(json.loads(text)) == sorted(json.loads(text)), "keys are sorted, so that two can be compared"


def test_columns():
    bias, truthfulness = manifest().outputs
    assert (bias.width, bias.columns) == (3, slice(0, 3))  # 4 scores, ordinal: one logit fewer
    assert (truthfulness.width, truthfulness.columns) == (2, slice(3, 5))
    assert manifest().width == 5
    assert manifest().output_of("bias") is not None
    assert manifest().output_of("toxicity") is None


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"surprise": 1}, "surprise: Extra inputs are not permitted"),
        ({"components__0__surprise": 1}, "components.0.transformer.surprise: Extra inputs are not permitted"),
        ({"format_version": 2}, "format_version: Input should be 1"),
        ({"name": None}, "name: "),
        ({"components": []}, "components: "),
        ({"outputs": []}, "outputs: "),
        ({"outputs__0__dimension": "charm"}, "outputs.0.dimension: "),
        ({"outputs__0__classes": 1}, "outputs.0.classes: "),
        ({"outputs__0__link": "cubic"}, "outputs.0.link: "),
        ({"outputs__0__calibration__temperature": 0}, "outputs.0.calibration.temperature: "),
        ({"outputs__0__calibration__thresholds": [0.5]}, "calibration.thresholds has 1 values, not 3"),
        ({"outputs__1__calibration__bias": [0.5]}, "calibration.bias has 1 values, not 2"),
        ({"outputs__0__calibration__decode": "relu_argmax"}, "decode relu_argmax takes the link nominal"),
        ({"components__0__template": "nonsense"}, "transformer.template: .*must be one of paper-values"),
        ({"components__0__truncation": "middle"}, "components.0.transformer.truncation: "),
        ({"components__0__base__dtype": "int4"}, "components.0.transformer.base.dtype: "),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_does_not_fit_is_refused(tmp_path, changes, message):
    write_manifest(tmp_path, manifest())
    change(tmp_path, **changes)
    assert re.search(message, refusal(tmp_path))


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"\xff\xfe", b'{"name": ', b"[" * 5000],
    ids=["empty", "list", "null", "bytes", "cut", "deep"],
)
def test_what_is_no_manifest_is_refused(tmp_path, content):
    (tmp_path / "guardrank.json").write_bytes(content)
    assert "guardrank.json cannot be read" in refusal(tmp_path)


def test_a_manifest_cut_short_is_refused(tmp_path):
    write_manifest(tmp_path, manifest())
    file = tmp_path / "guardrank.json"
    file.write_bytes(file.read_bytes()[:-200])
    assert "Invalid JSON" in refusal(tmp_path)


def test_a_folder_without_manifest(tmp_path):
    assert refusal(tmp_path) == f"{tmp_path} is no judge folder: it has no guardrank.json"
    assert "no judge folder" in refusal(tmp_path / "absent")


# ---- the hash


def hash_of(folder) -> str:
    return judge_hash(folder, read_manifest(folder), "torch")


def test_the_hash_is_that_of_the_copy(judges, judge_copy):
    assert re.fullmatch("[0-9a-f]{64}", hash_of(judge_copy))
    assert hash_of(judge_copy) == hash_of(judges["bert"].folder)


def test_two_trainings_hash_differently(judges, checkpoints, tmp_path):
    other = write_tiny_judge(tmp_path / "bert", checkpoints["bert"], loss="nominal")
    assert hash_of(other.folder) != hash_of(judges["bert"].folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"outputs__0__calibration__thresholds": [0.31]},
        {"outputs__0__calibration__temperature": 2.0},
        {"components__0__max_tokens": 47},
        {"components__0__base__sha256": "1" * 64},
        {"training__seed": 99},
        {"weights__torch__adapter_model.safetensors": "2" * 64},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_hash_changes_with_the_manifest(judge_copy, changes):
    before = hash_of(judge_copy)
    change(judge_copy, **changes)
    assert hash_of(judge_copy) != before


def test_the_hash_changes_with_the_tokenizer(judge_copy):
    before = hash_of(judge_copy)
    with (judge_copy / "tokenizer.json").open("a") as file:
        file.write(" ")
    assert hash_of(judge_copy) != before


def test_the_hash_changes_with_neither_card_nor_metrics_nor_another_variant(judge_copy):
    before = hash_of(judge_copy)
    (judge_copy / "README.md").write_text("Another card.")
    (judge_copy / "metrics.json").unlink()
    (judge_copy / "notes.txt").write_text("new")
    change(judge_copy, weights__onnx={"model.onnx": "3" * 64})
    assert hash_of(judge_copy) == before


# ---- the weights

FILES = ("adapter_config.json", "adapter_model.safetensors")


def test_whole_weights_pass(judge_copy):
    verify_weights(judge_copy, read_manifest(judge_copy), "torch", FILES)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json"])
@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda file: file.unlink(), "lacks {}: copy the whole judge folder"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "{} was changed after it was written"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"!"), "{} was changed after it was written"),
    ],
    ids=["missing", "short", "one byte"],
)
def test_damaged_weights_are_refused(judge_copy, name, damage, message):
    damage(judge_copy / name)
    with pytest.raises(JudgeError, match=re.escape(message.format(name))):
        verify_weights(judge_copy, read_manifest(judge_copy), "torch", FILES)


@pytest.mark.parametrize(
    "weights", [{}, {"torch": {}}, {"onnx": {FILES[0]: "0" * 64}}], ids=["none", "empty", "other variant"]
)
def test_weights_that_nobody_vouches_for_are_refused(judge_copy, weights):
    change(judge_copy, weights=weights)
    with pytest.raises(JudgeError, match=r"names no adapter_config\.json for torch"):
        verify_weights(judge_copy, read_manifest(judge_copy), "torch", FILES)


# ---- the bars for error rates


def test_without_bars_file_and_hash_are_those_of_judges_from_before_there_were_any(judge_copy):
    """The hash by hand, over a manifest whose calibrations know of no such field."""
    written = json.loads((judge_copy / "guardrank.json").read_text("utf-8"))
    fields = {"temperature", "bias", "thresholds", "decode", "abstain_below"}
    assert all(set(output["calibration"]) == fields for output in written["outputs"])
    weights = written.pop("weights")["torch"]
    del written["probes"]
    digest = hashlib.sha256(orjson.dumps(written, option=orjson.OPT_SORT_KEYS))
    digest.update(hashlib.sha256((judge_copy / "tokenizer.json").read_bytes()).hexdigest().encode())
    digest.update("".join(f"{name}:{sha256}" for name, sha256 in sorted(weights.items())).encode())
    assert hash_of(judge_copy) == digest.hexdigest()


def test_bars_are_written_read_and_hashed(judge_copy):
    before, bars = hash_of(judge_copy), ((0.05, 0.9), (0.1, 0.75))
    change(judge_copy, outputs__0__calibration__error_bars=bars)
    found = read_manifest(judge_copy)
    assert found.outputs[0].calibration.error_bars == bars
    assert hash_of(judge_copy) != before
    write_manifest(judge_copy, found)
    assert read_manifest(judge_copy) == found


@pytest.mark.parametrize("bars", [[[0.05]], [[0.05, 1.5]], [[-0.1, 0.5]], 0.05, [[0.05, None]]])
def test_what_are_no_bars_is_refused(judge_copy, bars):
    change(judge_copy, outputs__0__calibration__error_bars=bars)
    assert "outputs.0.calibration.error_bars" in refusal(judge_copy)


@pytest.mark.parametrize(
    ("rate", "bar"), [(0.0, None), (0.04, None), (0.05, 0.9), (0.09, 0.9), (0.1, 0.75), (0.2, 0.75), (1.0, 0.75)]
)
def test_the_bar_for_a_rate_is_that_of_the_largest_proven_one_not_above_it(rate, bar):
    assert Calibration(error_bars=((0.05, 0.9), (0.1, 0.75))).bar_for(rate) == bar
    assert Calibration().bar_for(rate) is None
