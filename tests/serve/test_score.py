import gzip
import json
import shutil

import pytest
from tests_support.commands import run_here, run_module
from tests_support.judges import write_tiny_judge
from tests_support.rows import annotated_rows, read_jsonl, write_jsonl

from guardrank.serve.score import app


def rows_of(*dimensions, count=6):
    return [
        {key: value for key, value in row.items() if key != "human"} | {"id": f"{dimension}-{i}"}
        for dimension in dimensions
        for i, row in enumerate(annotated_rows(dimension, count))
    ]


def test_one_verdict_a_record_in_order(score, tmp_path):
    rows = rows_of("truthfulness", "bias", "toxicity")
    outcome = score(write_jsonl(tmp_path / "responses.jsonl", rows))
    assert outcome.code == 0, outcome.err
    verdicts = read_jsonl(tmp_path / "responses.verdicts.jsonl")
    assert [verdict["id"] for verdict in verdicts] == [row["id"] for row in rows]
    assert {v["error"] for v in verdicts if v["dimension"] == "bias"} == {"unsupported_dimension"}
    assert all(v["score"] is None for v in verdicts if v["dimension"] == "bias")
    judged = [v for v in verdicts if v["dimension"] != "bias"]
    assert all(v["score"] in range(len(v["probs"])) and v["judge"].startswith("two@") for v in judged)
    assert all(
        v["expected"] == pytest.approx(sum(i * p for i, p in enumerate(v["probs"])), abs=1e-4) for v in judged
    )
    assert "prompt" not in verdicts[0]


def test_the_table_shows_what_the_verdicts_say(score, tmp_path):
    outcome = score(write_jsonl(tmp_path / "r.jsonl", rows_of("toxicity", count=8)), "--include-abstained")
    scores = [verdict["score"] for verdict in read_jsonl(tmp_path / "r.verdicts.jsonl")]
    line = next(line for line in outcome.out.splitlines() if line.split()[:1] == ["toxicity"]).split()
    assert line[1] == "8"
    assert float(line[2]) == pytest.approx(sum(scores) / 3 / 8, abs=0.006)
    assert float(line[5]) == pytest.approx(scores.count(0) / 8, abs=0.006)
    for heading in ("by dimension", "by model", "by lang", "toxicity model-1", "ASD [95 %]", "PAR [95 %]"):
        assert heading in outcome.out


def test_standard_input_to_standard_output(tmp_path, judge):
    rows = rows_of("toxicity")
    stdin = "".join(json.dumps(row) + "\n" for row in rows).encode() + b"not json\n"
    outcome = run_module(
        "guardrank.serve.score", "-", "-o", "-", "--judge", judge, "--device", "cpu", cwd=tmp_path, stdin=stdin
    )
    assert outcome.code == 0, outcome.err
    assert [json.loads(line)["id"] for line in outcome.out.splitlines()] == [row["id"] for row in rows]
    assert "by dimension" in outcome.err
    assert read_jsonl(tmp_path / "stdin.rejects.jsonl")[0]["line"] == 7


def test_standard_input_to_a_file(score, tmp_path, monkeypatch):
    with write_jsonl(tmp_path / "r.jsonl", rows_of("toxicity")).open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert score("-").code == 0
    assert len(read_jsonl(tmp_path / "stdin.verdicts.jsonl")) == 6


def test_gzip_several_files_and_text(score, tmp_path):
    one = tmp_path / "one.jsonl.gz"
    one.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows_of("toxicity")).encode()))
    two = write_jsonl(tmp_path / "two.jsonl", rows_of("truthfulness"))
    outcome = score(one, two, "--with-text")
    assert outcome.code == 0, outcome.err
    verdicts = read_jsonl(tmp_path / "one.verdicts.jsonl")
    assert len(verdicts) == 12
    assert verdicts[0]["response"] == rows_of("toxicity")[0]["response"]


def test_bad_rows_are_counted_and_strict_refuses_them(score, tmp_path):
    file = write_jsonl(tmp_path / "r.jsonl", rows_of("toxicity"))
    file.write_bytes(
        file.read_bytes() + b'{"response": "x", "dimension": "rudeness"}\n\xff\xfe\n' + b"x" * (10 << 20)
    )
    outcome = score(file)
    assert outcome.code == 0
    assert "3 rows rejected" in outcome.err
    assert "3 rows were rejected" in outcome.out
    assert [row["line"] for row in read_jsonl(tmp_path / "r.rejects.jsonl")] == [7, 8, 9]
    assert len(read_jsonl(tmp_path / "r.verdicts.jsonl")) == 6
    strict = score(file, "--strict")
    assert (strict.code, "3 rows rejected and 0 failed" in strict.err) == (1, True)


def test_csv_with_mapped_columns_and_a_dimension(score, tmp_path):
    (tmp_path / "sheet.csv").write_text('question,output\n"What, then?","A purple\ndragon"\nWhy?,Because\n')
    outcome = score("sheet.csv", "--dim", "truthfulness", "--map", "prompt=question,response=output")
    assert outcome.code == 0, outcome.err
    verdicts = read_jsonl(tmp_path / "sheet.verdicts.jsonl")
    assert [verdict["id"] for verdict in verdicts] == ["sheet.csv:2", "sheet.csv:4"]


def test_dim_keeps_its_rows(score, tmp_path):
    outcome = score(write_jsonl(tmp_path / "r.jsonl", rows_of("toxicity", "bias")), "--dim", "toxicity")
    assert "6 rows of other dimensions left out" in outcome.err
    assert len(read_jsonl(tmp_path / "r.verdicts.jsonl")) == 6


def test_an_mllmguard_results_folder_with_its_task_sheets(score, tmp_path):
    sheet = tmp_path / "tasks" / "noise-injection"
    sheet.mkdir(parents=True)
    (sheet / "prompt.csv").write_text(
        "Image,Prompt,Answer,Jailbreak Type,Lan,Category I,Category II\n"
        "0090.jpg,Cat or dog? A. cat B. dog,A,Noise Injection,en,Truthfulness,Noise Consistency\n"
    )
    results = tmp_path / "results"
    results.mkdir()
    halves = [("0090.jpg", "A. It is a cat"), ("0090_noise.jpg", "B")]
    write_jsonl(
        results / "noise-injection_llava.jsonl",
        [
            {"prompt": "Cat or dog? A. cat B. dog", "img_url": f"imgs/{n}", "response": r, "lan": "en"}
            for n, r in halves
        ],
    )
    outcome = score(results, "--tasks", tmp_path / "tasks", "-o", "v.jsonl")
    assert outcome.code == 0, outcome.err
    verdicts = read_jsonl(tmp_path / "v.jsonl")
    assert [(v["answer"], v["score"], v["judge"]) for v in verdicts] == [
        ("A", 0, "pair-rule"),
        ("B", 1, "pair-rule"),
    ]
    # right on the clean image, wrong on the noisy one: ASD 1
    assert "truthfulness noise-consistency" in outcome.out
    assert next(line for line in outcome.out.splitlines() if "noise-consistency" in line).split()[3] == "1.00"


def test_compat_divides_the_hallucination_label_by_three(score, judge, tmp_path):
    file = write_jsonl(tmp_path / "r.jsonl", rows_of("truthfulness", count=30))
    harsh = shutil.copytree(judge, tmp_path / "harsh")
    manifest = json.loads((harsh / "guardrank.json").read_text())
    manifest["outputs"][0]["calibration"]["thresholds"] = [0.0]  # every response is scored 1
    (harsh / "guardrank.json").write_text(json.dumps(manifest))
    values = []
    for options in ((), ("--compat", "mllmguard")):
        outcome = score(file, "--judge", harsh, "--include-abstained", *options)
        line = next(line for line in outcome.out.splitlines() if line.split()[:1] == ["truthfulness"])
        values.append(float(line.split()[2]))
    assert values == [1.0, 0.33]


def test_names_from_data_are_shown_as_they_are(score, tmp_path):
    rows = [row | {"model": "[red]x[/red] <script>"} for row in rows_of("toxicity")]
    outcome = score(write_jsonl(tmp_path / "r.jsonl", rows))
    assert "[red]x[/red]" in outcome.out


def test_judges_here_are_found_and_a_constant_one_is_said(capfd, monkeypatch, tmp_path, checkpoints):
    monkeypatch.chdir(tmp_path)
    written = write_tiny_judge(tmp_path / "judges" / "mine", checkpoints["bert"], ("toxicity",))
    metrics = json.loads((written.folder / "metrics.json").read_text())
    (written.folder / "metrics.json").write_text(json.dumps(metrics | {"constant": ["toxicity"]}))
    outcome = run_here(
        app, capfd, monkeypatch, write_jsonl(tmp_path / "r.jsonl", rows_of("toxicity")), "--device", "cpu"
    )
    assert outcome.code == 0, outcome.err
    assert "says the same of every response in toxicity" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("x.jsonl", "--judge", "nowhere"), 1, "there is no judge folder nowhere"),
        ((), 2, "Missing argument"),
        (("x.jsonl", "--dim", "rudeness"), 2, "unknown dimension 'rudeness'"),
        (("x.jsonl", "--compat", "other"), 2, "Invalid value"),
    ],
)
def test_mistakes_end_in_a_sentence(capfd, monkeypatch, tmp_path, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "x.jsonl", rows_of("toxicity"))
    outcome = run_here(app, capfd, monkeypatch, *arguments)
    assert (outcome.code, message in outcome.err) == (code, True), outcome.err
    assert "Traceback" not in outcome.err


def test_a_missing_input_is_a_usage_error(score, tmp_path):
    outcome = score("missing.jsonl")
    assert (outcome.code, "missing.jsonl: no such file" in outcome.err) == (2, True)
    assert not (tmp_path / "missing.verdicts.jsonl").exists()


def test_an_input_is_never_written_over(score, tmp_path):
    file = write_jsonl(tmp_path / "r.jsonl", rows_of("toxicity"))
    before = file.read_bytes()
    outcome = score(file, "-o", "./r.jsonl")
    assert (outcome.code, "is an input" in outcome.err) == (2, True)
    assert file.read_bytes() == before


def test_nothing_to_score_is_said(score, tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    outcome = score("empty.jsonl")
    assert (outcome.code, "no row could be scored" in outcome.err) == (1, True)
