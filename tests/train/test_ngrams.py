import json

import numpy as np
import onnxruntime
import pytest
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from tests_support.checkpoints import BUILDERS
from tests_support.commands import run_here
from tests_support.rows import annotated_rows, write_jsonl

import guardrank
from guardrank.dimensions import Dimension
from guardrank.engine import load_tokenizer
from guardrank.engine.ngrams import FIELDS, field_ids
from guardrank.errors import JudgeError, TrainingError
from guardrank.judge.manifest import read_manifest
from guardrank.records import Record
from guardrank.serve.export import app as export_app
from guardrank.train.cli import app as train_app
from guardrank.train.ngram_graph import NGramModel, write_graph
from guardrank.train.ngrams import above_zero, fit_mix, fit_ngrams
from guardrank.train.recipe import NGramShape
from guardrank.train.targets import lay_out_outputs

DIMENSIONS = (Dimension.TRUTHFULNESS, Dimension.TOXICITY, Dimension.BIAS)


def records(*rows):
    return [Record.model_validate(row) for row in rows]


def in_two_dimensions(count=80):
    return records(*annotated_rows("truthfulness", count), *annotated_rows("toxicity", count, top=3))


@pytest.fixture
def tokenizer_file(checkpoints):
    return checkpoints["bert"] / "tokenizer.json"


def test_the_graph_says_what_scikit_learn_says(tmp_path):
    random = np.random.default_rng(0)
    ids = [random.integers(0, 12, size).tolist() for size in random.integers(3, 40, 200)]
    labels = [int(row.count(3) > row.count(4)) for row in ids]

    def grams(row):
        return [tuple(row[i : i + n]) for n in (1, 2, 3) for i in range(len(row) - n + 1)]

    vectoriser = TfidfVectorizer(analyzer=grams, sublinear_tf=True, min_df=2)
    values = vectoriser.fit_transform(ids)
    fitted = LogisticRegression().fit(values, labels)
    model = NGramModel(
        grams=list(vectoriser.get_feature_names_out()),
        idf=vectoriser.idf_,
        weights=fitted.coef_.T,
        bias=fitted.intercept_,
        mix=np.array([[1.0, 0.0, -2.0]]),
    )
    session = onnxruntime.InferenceSession(str(write_graph(model, tmp_path / "ngrams.onnx")))
    said = np.concatenate([session.run(None, {"input_ids": np.array([row])})[0] for row in ids])
    expected = fitted.decision_function(values)
    np.testing.assert_allclose(said[:, 0], expected, atol=0.01)  # weights in 16 bits
    np.testing.assert_allclose(said[:, 2], -2 * said[:, 0], atol=1e-5)
    assert not said[:, 1].any()
    assert (session.run(None, {"input_ids": np.array([[99]])})[0][0, 0]) == pytest.approx(
        fitted.intercept_[0], abs=1e-3
    )


def test_the_same_word_counts_apart_in_each_field(tokenizer_file):
    tokenizer = load_tokenizer(tokenizer_file)
    one, other, neither = field_ids(
        tokenizer,
        records(
            {"prompt": "dragon", "response": "", "dimension": "bias"},
            {"prompt": "", "response": "dragon", "dimension": "bias"},
            {"prompt": "", "response": "", "dimension": "bias"},
        ),
    )
    size = tokenizer.get_vocab_size()
    assert [i + 2 * size for i in one[:-1]] == other[:-1]
    assert neither == [len(FIELDS) * size]


def test_labels_that_leave_it_open_and_other_scales_say_nothing():
    outputs = lay_out_outputs(DIMENSIONS, "ordinal", shared=False)
    labels = [("toxicity", 0), ("toxicity", [1, 3]), ("toxicity", [0, 2]), ("bias", 2), ("truthfulness", 1)]
    rows = records(*({"response": "r", "dimension": dimension, "human": label} for dimension, label in labels))
    assert above_zero(rows, outputs, 4).tolist() == [0, 1, -1, 1, -1]
    assert above_zero(rows, outputs, 2).tolist() == [-1, -1, -1, -1, 1]


def test_the_mix_trusts_the_component_that_knows(tmp_path):
    random = np.random.default_rng(1)
    outputs = lay_out_outputs(DIMENSIONS, "ordinal", shared=False)
    rows = in_two_dimensions(400)
    truth = np.array([row.human != 0 for row in rows])
    noise, signal = (
        random.standard_normal(len(rows)),
        np.where(truth, 2.0, -2.0) + random.standard_normal(len(rows)),
    )
    toxic = np.array([row.dimension == Dimension.TOXICITY for row in rows])
    width = 7
    logits = np.tile(np.where(toxic, signal, noise)[:, None], (1, width))
    said = np.stack([np.where(toxic, noise, signal)] * 2, axis=1)
    mix = fit_mix(outputs, rows, logits, said)
    by = {output.dimension: output.start for output in outputs}
    assert mix.shape == (2, width)
    assert mix[0, by[Dimension.TRUTHFULNESS]] > 2
    assert mix[1, by[Dimension.TOXICITY]] < 0.3
    assert mix[:, by[Dimension.BIAS]].tolist() == [0, 0]  # no dev rows
    assert np.count_nonzero(mix) <= 2


def test_few_features_are_the_telling_ones(tokenizer_file, tmp_path):
    outputs = lay_out_outputs(DIMENSIONS, "ordinal", shared=False)
    rows = in_two_dimensions()
    file = tmp_path / "ngrams.onnx"
    nothing = np.zeros((len(rows), 7))
    logits = fit_ngrams(NGramShape(features=20), tokenizer_file, outputs, rows, rows, nothing, file)
    starts = {output.dimension: output.start for output in outputs}
    sure = [expit(logits[i, starts[row.dimension]]) > 0.5 for i, row in enumerate(rows)]
    assert np.mean([above == (row.human != 0) for above, row in zip(sure, rows, strict=True)]) > 0.95
    assert file.stat().st_size < 5_000


def test_a_nominal_loss_is_refused(tokenizer_file, tmp_path):
    outputs = lay_out_outputs(DIMENSIONS, "nominal", shared=False)
    with pytest.raises(TrainingError, match="ordinal"):
        fit_ngrams(NGramShape(), tokenizer_file, outputs, [], [], np.zeros((0, 10)), tmp_path / "ngrams.onnx")


def test_one_sided_rows_are_refused(tokenizer_file, tmp_path):
    outputs = lay_out_outputs((Dimension.BIAS,), "ordinal", shared=False)
    rows = records(*(row | {"human": 0} for row in annotated_rows("bias", 20)))
    with pytest.raises(TrainingError, match="safe and unsafe"):
        fit_ngrams(NGramShape(), tokenizer_file, outputs, rows, rows, np.zeros((20, 3)), tmp_path / "ngrams.onnx")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A judge of two components, as the commands make it."""
    root = tmp_path_factory.mktemp("two-components")
    base = BUILDERS["bert"](root / "base")
    data = write_jsonl(root / "rows.jsonl", annotated_rows("truthfulness", 160))
    return root, base, data


def test_from_training_to_an_exported_judge(trained, capfd, monkeypatch):
    root, base, data = trained
    monkeypatch.chdir(root)
    settings = [
        "max_tokens=64",
        "epochs=1",
        "min_steps=0",
        "learning_rate=0.0001",
        "ngrams.features=500",
        "dev_share=0.3",
    ]
    sets = [part for value in settings for part in ("--set", value)]
    outcome = run_here(
        train_app, capfd, monkeypatch, "--device", "cpu", "--data", data, "--base", base, "-o", "judges/two", *sets
    )
    assert outcome.code == 0, outcome.err
    folder = root / "judges" / "two"
    manifest = read_manifest(folder)
    assert manifest.combine == "sum"
    assert "ngrams.onnx" in manifest.weights["torch"]
    outcome = run_here(export_app, capfd, monkeypatch, folder)
    assert outcome.code == 0, outcome.err
    rows = records(*annotated_rows("truthfulness", 60))
    judges = [guardrank.load_judge(folder, variant=name, device="cpu") for name in ("torch", "fp32", "int8")]
    said = [[verdict.score for verdict in judge.score(rows)] for judge in judges]
    assert said[0] == said[1] == said[2] == [row.human for row in rows]
    backwards = [verdict.probs for verdict in judges[2].score(rows[::-1])]
    assert backwards[::-1] == [verdict.probs for verdict in judges[2].score(rows)]
    assert judges[2].ngrams is not None
    assert np.abs(judges[2].ngrams.logits(rows)).max() > 0.5

    content = json.loads((folder / "guardrank.json").read_text())
    (folder / "guardrank.json").write_text(json.dumps(content | {"combine": "single"}))
    with pytest.raises(JudgeError, match="combine single takes"):
        guardrank.load_judge(folder)
    (folder / "guardrank.json").write_text(json.dumps(content))
    (folder / "ngrams.onnx").write_bytes(b"another")
    with pytest.raises(JudgeError, match="was changed"):
        guardrank.load_judge(folder)
