"""What the gate found, in metrics.json, the card and the terminal."""

import io
import json
import shutil

import numpy as np
import pytest
from rich.console import Console

from guardrank.errors import GuardRankError
from guardrank.judge import Calibration, Output, read_manifest
from guardrank.judge.manifest import judge_hash
from guardrank.records import Record
from guardrank.serve.export_card import ExportFigures, write_export_figures
from guardrank.serve.gate import compare
from guardrank.serve.gate_report import GateReport
from guardrank.serve.gate_table import print_report


@pytest.fixture
def folder(judge, tmp_path):
    return shutil.copytree(judge, tmp_path / "two")


def report_of(folder, flips: int, *names: str) -> GateReport:
    """A report over 200 rows of each dimension with so many flips in the last."""
    names = names or ("truthfulness",)
    outputs = tuple(
        Output(dimension=name, classes=2, start=0, link="ordinal", calibration=Calibration()) for name in names
    )
    manifest = read_manifest(folder).model_copy(update={"outputs": outputs})
    rows = [
        Record(id=f"{i}", prompt=f"{i}", response="r", dimension=name, human=i % 2)
        for name in names
        for i in range(200)
    ]
    said = np.array([[1.0 if row.human else -1.0] for row in rows])
    changed = said.copy()
    changed[len(said) - flips :] *= -1
    return compare(manifest, rows, said, changed)


@pytest.fixture
def write(folder):
    """Write the figures of a variant that is 3 MiB large."""
    weights = folder / "model.onnx"
    weights.write_bytes(bytes(3 << 20))

    def run(variant="int8", flips=1, rows_from="study.jsonl"):
        report = report_of(folder, flips)
        write_export_figures(folder, variant, report, files=[weights], bound=0.01, rows_from=rows_from)
        return report

    return run


def metrics(folder):
    return json.loads((folder / "metrics.json").read_text())


def card(folder):
    return (folder / "README.md").read_text()


def table(folder):
    return [line for line in card(folder).splitlines() if line.startswith(("| int", "| fp"))]


def test_figures_are_added_and_the_rest_stays(folder, write):
    before, text = metrics(folder), card(folder)
    report = write()
    after = metrics(folder)
    entry = after.pop("exports")["int8"]
    assert after == before
    assert (entry["bytes"], entry["bound"], entry["accepted"], entry["rows_from"]) == (
        3 << 20,
        0.01,
        False,
        "study.jsonl",
    )
    assert set(entry["versions"]) == {"guardrank", "onnx", "onnxruntime", "optimum"}
    assert GateReport.model_validate(entry["gate"]) == report
    assert card(folder).startswith(text.rstrip() + "\n\n<!-- exports -->\n## Exports\n")
    assert table(folder) == [
        "| int8 | 3.0 | 200, study.jsonl | 1, 0.50 % [0.09, 2.78] | 0.46 | 1.000 -> 0.990 | passed (bound 1 %) |"
    ]
    assert not list(folder.glob("*.tmp"))


def test_a_second_export_is_added_and_the_same_one_replaced(folder, write):
    write("int8")
    text = card(folder)
    (folder / "README.md").write_text(text + "\nMy own last words, and a back\\slash \\1.\n")
    write("fp32", flips=0)
    write("int8", flips=5)
    assert sorted(metrics(folder)["exports"]) == ["fp32", "int8"]
    assert [row.split(" | ")[0] for row in table(folder)] == ["| fp32", "| int8"]
    assert "5, 2.50 %" in table(folder)[1] and "refused, but accepted (bound 1 %)" in table(folder)[1]
    assert card(folder).count("## Exports") == 1
    assert card(folder).endswith("\nMy own last words, and a back\\slash \\1.\n")


def test_the_same_figures_write_the_same_bytes(folder, write):
    write()
    before = [(folder / name).read_bytes() for name in ("metrics.json", "README.md")]
    write()
    assert [(folder / name).read_bytes() for name in ("metrics.json", "README.md")] == before


def test_the_judge_stays_the_same_judge(folder, write):
    before = judge_hash(folder, read_manifest(folder), "torch")
    write()
    assert judge_hash(folder, read_manifest(folder), "torch") == before


def test_a_judge_without_card_and_metrics_gets_them(folder, write):
    for name in ("metrics.json", "README.md"):
        (folder / name).unlink()
    write()
    assert list(metrics(folder)) == ["exports"]
    assert card(folder).startswith("# two\n\n<!-- exports -->")
    assert len(table(folder)) == 1


def test_names_from_data_cannot_break_the_table(folder, write):
    write(rows_from="a|b\n<script>`x`.jsonl")
    (row,) = table(folder)
    assert row.count("|") == 8
    assert "a?b??script??x?.jsonl" in row
    assert metrics(folder)["exports"]["int8"]["rows_from"] == "a|b\n<script>`x`.jsonl"


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"exports": 3}'])
def test_damaged_metrics_are_said_and_left(folder, write, content):
    (folder / "metrics.json").write_bytes(content)
    with pytest.raises(GuardRankError, match=r"metrics\.json is damaged: delete it"):
        write()
    assert (folder / "metrics.json").read_bytes() == content


def test_an_entry_of_another_version_is_left_alone(folder, write, capfd):
    (folder / "metrics.json").write_text('{"exports": {"int2": {"odd": 1}}}')
    write()
    assert metrics(folder)["exports"]["int2"] == {"odd": 1}
    assert len(table(folder)) == 1
    assert "The figures of int2 in metrics.json cannot be read" in capfd.readouterr().err


def test_a_card_that_is_no_utf8_keeps_its_bytes(folder, write):
    (folder / "README.md").write_bytes(b"caf\xe9\r\n")
    write()
    assert (folder / "README.md").read_bytes().startswith(b"caf\xe9\n\n<!-- exports -->")


def test_a_half_section_is_no_section(folder, write):
    (folder / "README.md").write_text("a <!-- exports --> b\n")
    write()
    write("fp32")
    assert card(folder).startswith("a <!-- exports --> b\n\n<!-- exports -->\n")
    assert len(table(folder)) == 2


def test_links_into_a_hub_cache_are_not_written_through(folder, write, tmp_path):
    blob = tmp_path / "blob"
    (folder / "README.md").rename(blob)
    (folder / "README.md").symlink_to(blob)
    before = blob.read_bytes()
    write()
    assert blob.read_bytes() == before
    assert len(table(folder)) == 1


def test_no_number_is_told_in_the_card(folder):
    manifest = read_manifest(folder)
    rows = [Record(id="a", prompt="p", response="r", dimension="truthfulness")]
    said = np.ones((1, manifest.width))
    report = compare(manifest, rows, said, said * np.nan)
    write_export_figures(folder, "int4", report, files=[], bound=0.01, rows_from="x")
    assert ExportFigures.model_validate(metrics(folder)["exports"]["int4"]).accepted
    assert table(folder)[0].endswith(
        "| undefined | undefined | refused, but accepted (bound 1 %), no number for 1 row |"
    )


def printed(reports, width=100) -> str:
    stream = io.StringIO()
    print_report(reports, Console(file=stream, width=width))
    return stream.getvalue()


def test_the_table_on_the_terminal(folder):
    text = printed({"fp32": report_of(folder, 0), "int8": report_of(folder, 3, "truthfulness", "bias")})
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "fp32 200 0 0.00 [0.00, 1.88] 0.000 0 1.000 +0.000 [+0.00, +0.00]" in lines
    assert any(line.startswith("int8 400 3 0.75 [0.") for line in lines)
    assert any(line.startswith("bias 200 3 1.50 [0.51, 4.32] 0.462 0 1.000 -0.030 [") for line in lines)
    assert any(line.startswith("truthfulness 200 0") for line in lines)
    assert "surely" not in text


def test_a_dimension_over_the_bound_is_told_though_the_whole_passes(folder):
    report = report_of(folder, 12, "truthfulness", "bias")
    text = io.StringIO()
    print_report({"int8": report}, Console(file=text, width=100), bound=0.03)
    assert "int8: in bias surely over the bound of 3 %" in text.getvalue()


def test_a_narrow_terminal_loses_nothing_and_names_are_no_markup(folder):
    text = printed({"[bold]int8": report_of(folder, 3)}, width=70)
    assert "[bold]int8" in text and "…" not in text
