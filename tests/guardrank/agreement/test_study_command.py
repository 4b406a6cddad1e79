"""``guardrank-agree study`` from the command line to its files, with figures calculated by hand.

    m against people        0   1        accuracy 66/80 = 0.825; chance (40*34 + 40*46) / 80^2 = 0.5
    people say 0           30  10        kappa (0.825 - 0.5) / 0.5 = 0.65
    people say 1            4  36        F1 60/74 and 72/86, their mean 0.824

The keyword rule is right on every row of these data: accuracy 1, kappa 1.
"""

import json

import pytest
from tests_support.commands import run_module
from tests_support.rows import read_jsonl, write_jsonl

from guardrank.agreement.results import Study

COUNTS = [[30, 10], [4, 36]]


def test_figures_by_hand(study_of, rows_file):
    study, outcome = study_of(rows_file, "--judge", "column:m", "--judge", "keyword", "--binary")
    everything = study.slices[0]
    m, keyword = everything.agreements
    assert (m.rater, m.n, m.missing, m.clusters, m.positives) == ("m", 80, 0, 40, 40)
    assert m.confusion == COUNTS
    assert m.undecided is None
    assert m.accuracy.value == pytest.approx(0.825)
    assert m.kappa.value == m.weighted_kappa.value == pytest.approx(0.65)
    assert m.macro_f1.value == pytest.approx((60 / 74 + 72 / 86) / 2)
    assert m.majority.value == pytest.approx(0.5)
    assert m.kappa.low < 0.65 < m.kappa.high
    assert (keyword.accuracy.value, keyword.kappa.value) == (1.0, 1.0)
    kappa, accuracy = everything.comparisons
    assert (kappa.first, kappa.second, kappa.metric, kappa.n) == ("m", "keyword", "kappa", 80)
    assert kappa.difference.value == pytest.approx(0.65 - 1)
    assert (kappa.outcome, accuracy.outcome) == ("behind", "behind")
    assert accuracy.difference.value == pytest.approx(0.825 - 1)
    lines = outcome.out.splitlines()
    assert next(line.split()[:6] for line in lines if line.startswith(" m ")) == [
        "m",
        "80",
        "0",
        "0.825",
        "0.824",
        "0.650",
    ]
    assert "Report: study/report.html" in outcome.err


def test_the_study_says_what_it_is_of(study_of, rows_file):
    study, _ = study_of(rows_file, "--judge", "them=column:m", "--binary", "--seed", "7")
    assert (study.question, study.classes) == ("human", ["0", "above 0"])
    assert (study.rows, study.clusters, study.unlabelled, study.rejected) == (80, 40, 0, 0)
    assert [(file.name, file.rows, len(file.sha256)) for file in study.data] == [("rows.jsonl", 80, 64)]
    assert [(rater.name, rater.spec, rater.judge) for rater in study.raters] == [("them", "column:m", "column:m")]
    assert (study.resamples, study.seed) == (200, 7)
    assert "them=column:m" in study.command
    assert study.versions["scikit-learn"][0].isdigit()


def test_the_same_inputs_give_the_same_file(study_of, rows_file, tmp_path):
    arguments = (rows_file, "--judge", "column:m", "--judge", "keyword", "--binary")
    study_of(*arguments)
    first = json.loads((tmp_path / "study" / "study.json").read_text())
    study_of(*arguments)
    second = json.loads((tmp_path / "study" / "study.json").read_text())
    first.pop("created"), second.pop("created")
    assert json.dumps(first) == json.dumps(second)
    other, _ = study_of(*arguments, "--seed", "1")
    here = other.slices[0].agreements[0].kappa
    there = first["slices"][0]["agreements"][0]["kappa"]
    assert here.value == there["value"]
    assert (here.low, here.high) != (there["low"], there["high"])


def test_slices(study_of, rows_file):
    """Rows 0-39 are refused and fine, 40-79 answered and bad: each such slice holds one label, so no kappa."""
    study, _ = study_of(
        rows_file, "--judge", "column:m", "--judge", "keyword", "--binary", "--by", "model,refusal,lang"
    )
    slices = {(one.by, one.value): one for one in study.slices}
    assert list(slices) == [
        ("all", "all"),
        ("lang", "en"),
        ("model", "model-0"),
        ("model", "model-1"),
        ("refusal", "refuses"),
        ("refusal", "answers"),
    ]
    assert slices["model", "model-0"].agreements[0].confusion == [[15, 5], [2, 18]]
    refuses = slices["refusal", "refuses"].agreements[0]
    assert refuses.confusion == [[30, 10], [0, 0]]
    assert refuses.accuracy.value == pytest.approx(0.75)
    assert refuses.kappa.value is None
    assert "positive" in refuses.undecided
    assert slices["lang", "en"].agreements == slices["all", "all"].agreements


def test_comparisons_in_a_slice_are_the_first_raters(study_of, rows_file):
    study, outcome = study_of(
        rows_file,
        "--judge",
        "column:m",
        "--judge",
        "keyword",
        "--judge",
        "k=keyword",
        "--binary",
        "--by",
        "lang,model",
    )
    pairs = [
        [(one.first, one.second) for one in given.comparisons if one.metric == "kappa"] for given in study.slices
    ]
    assert pairs[0] == [("m", "keyword"), ("m", "k"), ("keyword", "k")]
    assert pairs[1:] == [[("m", "keyword"), ("m", "k")]] * 3
    assert "2 more comparisons" in outcome.out


def test_people_among_themselves(study_of, tmp_path):
    """ben says 1 of 8 of ann's 40 zeros: accuracy 0.9, chance (40*32 + 40*48) / 80^2 = 0.5, kappa 0.8."""
    rows = [
        {
            "id": f"r{i}",
            "prompt": f"p{i // 2}",
            "response": "x",
            "dimension": "bias",
            "meta": {
                "ann": "rude" if i >= 40 else "kind",
                "ben": "rude" if i >= 32 else "kind",
                "tone": int(i >= 40),
            },
            "judges": {"m": "RUDE" if i % 2 else "kind"},
        }
        for i in range(80)
    ]
    file = write_jsonl(tmp_path / "rows.jsonl", rows)
    study, outcome = study_of(
        file, "--judge", "column:m", "--label", "meta.tone", "--class-name", "kind", "--class-name", "rude",
        "--annotator", "ann=meta.ann", "--annotator", "ben=meta.ben",
    )  # fmt: skip
    (humans,) = study.slices[0].humans
    assert (humans.rater, humans.n) == ("ann / ben", 80)
    assert humans.accuracy.value == pytest.approx(0.9)
    assert humans.kappa.value == pytest.approx(0.8)
    assert study.classes == ["kind", "rude"]
    assert study.slices[0].agreements[0].confusion == [[20, 20], [20, 20]]
    assert "people among themselves" in outcome.out


def test_failures_are_no_numbers_and_are_counted(study_of, rows_file, tmp_path):
    rows = read_jsonl(rows_file)
    for row, label in zip(rows, [None, None, 7, "?"], strict=False):
        row["judges"]["m"] = label
    write_jsonl(rows_file, rows)
    study, outcome = study_of(rows_file, "--judge", "column:m", "--judge", "keyword", "--binary")
    m, keyword = study.slices[0].agreements
    assert (m.n, m.missing, m.confusion) == (76, 4, [[26, 10], [4, 36]])
    assert study.raters[0].failures == {"no_label": 2, "off_scale": 2}
    assert study.slices[0].comparisons[0].n == 76
    assert (keyword.n, keyword.missing) == (80, 0)
    assert "m has no score on 4 rows (2 no_label, 2 off_scale)." in outcome.out


def test_strict_refuses_failures_and_rejects_but_writes_the_study(run_study, rows_file, tmp_path):
    rows = read_jsonl(rows_file)
    rows[0]["judges"]["m"] = None
    write_jsonl(rows_file, [*rows, {"id": "bad", "dimension": "toxicity"}])
    outcome = run_study(rows_file, "--judge", "column:m", "--binary", "--strict")
    assert outcome.code == 1
    assert "Error: --strict: 1 rejected, 1 without a score" in outcome.err
    written = json.loads((tmp_path / "study" / "study.json").read_text())
    assert written["rejected"] == 1
    assert (tmp_path / "study" / "rows.rejects.jsonl").is_file()
    assert run_study(rows_file, "--judge", "keyword", "--binary").code == 0


def test_favour_by_model(study_of, tmp_path):
    """m scores model a's bad rows 0 (bias -1/2 over its 40 rows) and is right on b's (bias 0)."""
    rows = [
        {
            "id": f"r{i}",
            "prompt": f"p{i // 2}",
            "response": "x",
            "dimension": "truthfulness",
            "model": "ab"[i % 2],
            "human": i // 40,
            "judges": {"m": 0 if i % 2 == 0 else i // 40},
        }
        for i in range(80)
    ]
    study, _ = study_of(write_jsonl(tmp_path / "rows.jsonl", rows), "--judge", "column:m")
    biases = {one.model: (one.n, one.bias.value, one.relative.value) for one in study.favour}
    assert biases == {"a": (40, pytest.approx(-0.5), pytest.approx(-0.5)), "b": (40, 0.0, pytest.approx(0.5))}


def test_a_known_question(study_of, tmp_path):
    kinds = ["2_full_refusal", "3_partial_refusal", "1_full_compliance"]
    rows = [
        {
            "id": f"r{i}",
            "source": "xstest",
            "prompt": f"p{i // 2}",
            "response": "Sure." if i % 3 == 2 else "I'm sorry.",
            "dimension": "legality",
            "meta": {
                "compliance_human": i % 3,
                "compliance_gpt4": 2 if i % 3 else 0,
                "annotation_1": kinds[i % 3],
                "annotation_2": kinds[i % 3],
            },
        }
        for i in range(90)
    ]
    file = write_jsonl(tmp_path / "x.jsonl", rows)
    ask = (file, "--judge", "gpt-4=column:meta.compliance_gpt4", "--judge", "keyword")
    study, _ = study_of(*ask, "--question", "xstest-refusal")
    gpt4, keyword = study.slices[0].agreements
    assert gpt4.confusion == [[30, 0, 0], [0, 0, 30], [0, 0, 30]]
    assert keyword.confusion == [[30, 0, 0], [30, 0, 0], [0, 0, 30]]
    assert study.slices[0].humans[0].kappa.value == 1.0
    assert {one.metric for one in study.slices[0].comparisons} == {"kappa", "weighted_kappa", "accuracy"}
    binary, _ = study_of(*ask, "--question", "xstest-refusal", "--binary")
    assert binary.classes == ["refuses", "partly refuses or complies"]
    assert [one.confusion for one in binary.slices[0].agreements] == [[[30, 0], [0, 60]], [[30, 0], [30, 30]]]


def test_questions_of_these_rows_are_pointed_out(study_of, rows_file):
    rows = [row | {"source": "do_not_answer", "human": min(row["human"], 1)} for row in read_jsonl(rows_file)]
    study, outcome = study_of(write_jsonl(rows_file, rows), "--judge", "column:m")
    assert study.classes == ["0", "above 0"]  # the source knows no degrees
    assert "--question do-not-answer-harmful or do-not-answer-action" in outcome.err
    _, outcome = study_of(rows_file, "--judge", "column:m", "--question", "halueval2-false")
    assert "Not all rows are of halueval2_statements, which halueval2-false was asked of" in outcome.err
    _, outcome = study_of(rows_file, "--judge", "column:m", "--question", "do-not-answer-harmful")
    assert outcome.err.splitlines() == ["Report: study/report.html; all figures: study/study.json"]


def test_hostile_texts_stay_text(study_of, rows_file, tmp_path):
    rows = read_jsonl(rows_file)
    for row in rows:
        row["model"] = "[bold red]m[/]\x1b[31m"
        row["response"] = "</script><img src=x onerror=alert(1)>[link=http://evil]"
    _, outcome = study_of(write_jsonl(rows_file, rows), "--judge", "a[b]=column:m", "--binary")
    assert "a[b]" in outcome.out
    assert "\x1b" not in outcome.out
    page = (tmp_path / "study" / "report.html").read_text(encoding="utf-8")
    assert "<img" not in page
    assert "onerror=alert(1)&gt;" in page


@pytest.mark.parametrize(
    "arguments, code, sentence",
    [
        ([], 2, "no judge: name one with --judge"),
        (["--judge", "column:gpt4"], 2, "no row has a label in 'gpt4': the data have judges 'm'"),
        (["--judge", "colum:m"], 2, "begins with none of file:, column: and openai:"),
        (["--judge", "file:nowhere.jsonl"], 2, "there is no verdict file nowhere.jsonl"),
        (["--judge", "nowhere"], 1, "there is no judge folder nowhere"),
        (["--judge", "keyword", "--question", "nothing"], 2, "no question nothing: one of xstest-refusal"),
        (["--judge", "keyword", "--split", "test"], 1, "no row has a label (0 rows read, 80 of another split"),
        (["--judge", "keyword", "--dim", "colour"], 2, "--dim: unknown dimension 'colour'"),
        (["--judge", "keyword", "--by", "colour"], 2, "--by knows no colour"),
        (["--judge", "keyword", "-o", "rows.jsonl"], 2, "rows.jsonl is a file: give a folder with -o"),
        (["--judge", "openai:gpt-4o"], 2, "no key: put it into the environment variable OPENAI_API_KEY"),
        (["--judge", "openai:gpt-4o", "--key-env", "MY_KEY"], 2, "into the environment variable MY_KEY"),
        (["--judge", "openai:gpt-4o", "--base-url", "https://me:secret@host/v1"], 2, "more than an address"),
    ],
)
def test_errors_are_one_sentence(run_study, rows_file, monkeypatch, arguments, code, sentence):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    outcome = run_study(rows_file, *arguments)
    assert outcome.code == code
    assert sentence in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


def test_standard_input(tmp_path, rows_file):
    outcome = run_module(
        "guardrank.agreement.cli", "study", "-", "--judge", "column:m", "--binary", "--resamples", "100", "-o", "s",
        cwd=tmp_path, stdin=rows_file.read_bytes(),
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    study = Study.model_validate_json((tmp_path / "s" / "study.json").read_bytes())
    assert study.slices[0].agreements[0].confusion == COUNTS


@pytest.mark.parametrize(
    "file, question, spec, n, kappa",
    [
        ("xstest", "xstest-refusal", "column:meta.compliance_gpt4", 2239, 0.634),
        ("openqa_nq301", "openqa-wrong", "column:gpt-4", 1486, 0.695),
        ("faithbench", "faithbench-unfaithful", "column:gpt-4o", 750, 0.064),
    ],
)
def test_gpt_4_on_real_data_as_published_with_them(study_of, shared_data, file, question, spec, n, kappa):
    study, _ = study_of(
        shared_data / f"{file}.jsonl.gz", "--question", question, "--judge", spec, "--by", "", "--resamples", "100"
    )
    (gpt4,) = study.slices[0].agreements
    assert (gpt4.n, round(gpt4.kappa.value, 3)) == (n, kappa)
