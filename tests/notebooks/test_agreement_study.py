"""The agreement study as a notebook: executed on a small hostile sample, and as it is committed."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score
from tests_support.rows import read_jsonl, write_jsonl

from guardrank.agreement.prediction_powered import JudgedRows, LabelledRows, corrected_mean
from guardrank.agreement.report.numbers import percent, probability, written
from guardrank.agreement.sample import Bootstrap, Sample
from guardrank.agreement.settings import StudySettings
from guardrank.agreement.statistics import KAPPA, estimate
from guardrank.agreement.study import conduct

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOK = FOLDER / "agreement_study.ipynb"
LIMIT = 600
"""Seconds that an execution may take, on however busy a machine."""

ATTACK = "</script><img src=x onerror=\"document.title='owned'\"><script>alert(1)</script>"
CLASSES = ("refuses", "partly refuses", "complies")
CHAPTERS = [
    "The question and the rows",
    "What people reach among themselves",
    "Judges on the same rows",
    "Accuracy misleads",
    "Why prompts are resampled, not rows",
    "Judge against judge",
    "The whole study in one call",
    "Where judges and people disagree",
    "Corrected scores: the judge and 200 labels",
    "The same from the command line",
]
ANNOTATED = ("2_full_refusal", "3_partial_refusal", "1_full_compliance")
TAGS = {"table", "caption", "tr", "th", "td", "p", "b", "bdi", "strong", "pre", "br"}
DRAWN = {"svg", "style", "title", "desc", "g", "text", "rect", "line", "circle", "path", "polyline", "polygon"}


def sample_rows():
    """320 hostile rows of 80 prompts, each answered by four models; on some prompts GPT-4 errs again and again."""
    rng = np.random.default_rng(7)
    hard = rng.random(80) < 0.3
    rows = []
    for i in range(320):
        label = int(rng.choice(3, p=[0.4, 0.15, 0.45]))
        second = label if rng.random() < 0.93 else (label + 1) % 3
        gpt = (label + 1) % 3 if rng.random() < (0.7 if hard[i // 4] else 0.05) else label
        rows.append(
            {
                "id": f"row-{i}" if i % 5 else f"row-{i} {ATTACK}",
                "source": "xstest",
                "dimension": "privacy" if i < 120 else "legality",
                "lang": "en",
                "model": ("one", "two", "three", "<b onclick=alert(1)>four")[i % 4],
                "prompt": f"Prompt {i // 4}? {ATTACK}",
                "response": f"{'Sure.' if label else 'I cannot help.'} {ATTACK}",
                "meta": {
                    "compliance_human": label,
                    "annotation_1": ANNOTATED[label],
                    "annotation_2": ANNOTATED[second],
                    "compliance_gpt4": {3: None, 11: 7, 12: None}.get(i, gpt),
                },
            }
        )
    return rows


def verdict_lines(rows):
    """A judge that is mostly right and says how sure it is; on four rows it failed, for a hostile reason."""
    rng = np.random.default_rng(8)
    lines = []
    for i, row in enumerate(rows):
        towards = np.eye(3)[row["meta"]["compliance_human"]] * 2.2
        logits = towards + rng.standard_normal(3)
        probs = np.exp(logits) / np.exp(logits).sum()
        line = {"id": row["id"], "score": int(probs.argmax()), "probs": probs.round(4).tolist(), "judge": "ours@1"}
        line["abstained"] = bool(probs.max() < 0.5)
        lines.append(
            line if i % 80 else {"id": row["id"], "score": None, "error": "<img onerror=x>", "judge": "ours@1"}
        )
    return lines


class Outputs:
    """What a notebook's cells show, by the cells' ids."""

    def __init__(self, path):
        self.notebook = json.loads(path.read_text(encoding="utf-8"))
        self.cells = {cell["id"]: cell for cell in self.notebook["cells"] if cell["cell_type"] == "code"}

    def all(self, mime, cell=None):
        """The outputs of one kind, of one cell or of all of them."""
        cells = [self.cells[cell]] if cell else self.cells.values()
        found = [output.get("data", {}).get(mime) for one in cells for output in one["outputs"]]
        return ["".join(text) for text in found if text]

    def table(self, cell, place=0):
        """A table of a cell as lines of texts."""
        page = Page()
        page.feed([text for text in self.all("text/html", cell) if "<table>" in text][place])
        return page.rows


class Page(HTMLParser):
    """Reads HTML: its tables' rows, and all of its tags with their attributes."""

    def __init__(self):
        super().__init__()
        self.rows, self.tags, self.attributes = [], set(), set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def execute(path, folder, **environment):
    """Run ``notebooks/execute.py`` on ``path`` as a user does, with nothing of the user's own Jupyter."""
    own = {name: str(folder / name) for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    return subprocess.run(
        [sys.executable, str(FOLDER / "execute.py"), str(path)],
        capture_output=True,
        check=False,
        timeout=LIMIT,
        encoding="utf-8",
        env=os.environ | own | environment,
    )


def copy_without_outputs(folder):
    """The notebook in ``folder/notebooks``, as if it had never run."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    (folder / "notebooks").mkdir()
    path = folder / "notebooks" / NOTEBOOK.name
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


class Executed:
    """The notebook run on the sample, and the same figures from the API."""

    def __init__(self, root):
        self.root = root
        self.rows = sample_rows()
        self.data = write_jsonl(root / "sample.jsonl", self.rows)
        self.verdicts = write_jsonl(root / "ours.jsonl", verdict_lines(self.rows))
        self.judges = ("ours=file:ours.jsonl", "gpt-4=column:meta.compliance_gpt4", "<u>keyword=keyword")
        self.path = copy_without_outputs(root)
        self.ran = self.execute()
        assert self.ran.returncode == 0, self.ran.stderr
        self.outputs = Outputs(self.path)

    def execute(self):
        environment = {
            "GUARDRANK_STUDY_DATA": "sample.jsonl",
            "GUARDRANK_STUDY_JUDGES": ",".join(self.judges),
            "GUARDRANK_STUDY_TEXTS": "1",
        }
        return execute(self.path, self.root, **environment)

    @property
    def labels(self):
        return np.array([row["meta"]["compliance_human"] for row in self.rows])

    @property
    def clusters(self):
        return np.arange(len(self.rows)) // 4

    def scores(self, judge):
        """Scores of a recorded judge, -1 where it has none."""
        if judge == "ours":
            found = [line["score"] for line in read_jsonl(self.verdicts)]
        else:
            found = [row["meta"]["compliance_gpt4"] for row in self.rows]
        return np.array([score if score in (0, 1, 2) else -1 for score in found])


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """One execution for all tests: a kernel takes seconds to start."""
    return Executed(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def study(executed, tmp_path_factory):
    """The same study by the API."""
    judges = tuple(judge.replace("file:", f"file:{executed.root}/") for judge in executed.judges)
    folder = tmp_path_factory.mktemp("api")
    settings = StudySettings((str(executed.data),), judges, folder, question="xstest-refusal", by=("dimension",))
    return conduct(settings).study


def test_every_cell_runs_in_order_and_shows_something(executed):
    assert all(one["outputs"] for one in executed.outputs.cells.values())
    assert [one["execution_count"] for one in executed.outputs.cells.values()] == list(
        range(1, len(executed.outputs.cells) + 1)
    )


def test_the_rows_are_those_of_the_sample(executed):
    rows = dict(executed.outputs.table("rows"))
    assert rows["rows with a label"] == "320"
    assert rows["prompts"] == "80"
    shares = [percent(np.mean(executed.labels[::4] == label)) for label in range(3)]
    assert ["one", "80", *shares] in executed.outputs.table("models")


def test_the_ceiling_is_that_of_the_api(executed, study):
    (pair,) = study.slices[0].humans
    expected = ["first / second", "320", written(pair.accuracy, 3), written(pair.kappa, 3)]
    assert executed.outputs.table("people")[1:] == [expected]


def test_failures_are_counted_by_reason_and_have_no_score(executed):
    ours, gpt, keyword = executed.outputs.table("judges")[1:]
    assert ours == ["ours", "ours@1", "316", "4", "<img onerror=x> 4", "316"]
    assert gpt[2:5] == ["317", "3", "no_label 2, off_scale 1"]
    assert keyword[0] == "<u>keyword"
    assert keyword[2:4] == ["320", "0"]


def test_accuracy_and_kappa_are_scikit_learns(executed):
    rows = {row[0]: row[1:] for row in executed.outputs.table("accuracy")[1:]}
    for judge in ("ours", "gpt-4"):
        scores = executed.scores(judge)
        labels, scores = executed.labels[scores >= 0], scores[scores >= 0]
        expected = [accuracy_score(labels, scores), cohen_kappa_score(labels, scores)]
        assert rows[judge] == [f"{value:.3f}" for value in expected]
    commonest = np.bincount(executed.labels)
    assert rows[f"always “{CLASSES[commonest.argmax()]}”"] == [f"{commonest.max() / 320:.3f}", "0.000"]


def test_kappa_by_hand_is_the_librarys(executed):
    matrix, result = executed.outputs.table("by-hand"), dict(executed.outputs.table("by-hand", 1))
    assert matrix[0] == ["people ↓ ours →", *CLASSES, "together"]
    assert matrix[-1][-1] == "316"
    assert result["kappa, by hand"] == result["kappa, scikit-learn"]
    scores = executed.scores("ours")
    there = scores >= 0
    assert float(result["kappa, by hand"]) == pytest.approx(
        cohen_kappa_score(executed.labels[there], scores[there]), abs=1e-6
    )


def test_intervals_by_prompt_and_by_row(executed, study):
    rows = {row[0]: row[1:] for row in executed.outputs.table("intervals")[1:]}
    assert [row[0] for row in rows.values()] == [written(one.kappa, 3) for one in study.slices[0].agreements]
    scores = executed.scores("gpt-4")
    there = np.flatnonzero(scores >= 0)
    sample = Sample(executed.labels[there], scores[there], there, 3)
    assert rows["gpt-4"][1] == written(estimate(KAPPA, sample, sample.resampled(Bootstrap())), 3)
    assert float(rows["gpt-4"][2]) > 1.15


def test_differences_are_those_of_the_api(executed, study):
    def told(each):
        more = "no telling" if each.more_clusters is None else f"{each.more_clusters:,}"
        needed = more if each.outcome == "undecided" else ""
        difference = written(each.difference, 3, sign=True)
        return [
            f"{each.first} - {each.second}",
            f"{each.n:,}",
            difference,
            probability(each.p),
            each.outcome,
            needed,
        ]

    def of(part):
        return [told(each) for each in part.comparisons if each.metric == "kappa"]

    assert executed.outputs.table("pairs")[1:] == of(study.slices[0])
    expected = [[part.value, *row] for part in study.slices[1:] for row in of(part)]
    assert sorted(executed.outputs.table("pairs-by-dimension")[1:]) == sorted(expected)
    assert any(row[-1].replace(",", "").isdigit() for row in expected)  # something is undecided, and settleable


def test_the_study_in_one_call_finds_the_same(executed, study):
    assert [row[1] for row in executed.outputs.table("study")[1:]] == ["yes", "yes", "yes"]
    rows = {row[0]: row[1:] for row in executed.outputs.table("figures")}
    raters = [*study.slices[0].agreements, *study.slices[0].humans]
    for name in ("kappa", "weighted_kappa", "alpha", "accuracy", "macro_f1", "spearman", "mae"):
        assert rows[name.replace("_", " ")] == [written(getattr(one, name), 3) for one in raters]


def test_charts_say_the_figures_of_the_api(executed, study):
    def words(cell):
        (drawing,) = executed.outputs.all("image/svg+xml", cell)
        return " ".join(ElementTree.fromstring(drawing).itertext())

    for part in study.slices:
        for one in part.agreements:
            assert written(one.kappa) in words("forest")
    assert "model one, 80 rows" in words("forest")
    for row in study.slices[0].agreements[0].confusion:
        assert ", ".join(f"{name} {count:,}" for name, count in zip(CLASSES, row, strict=True)) in words("heat")
    (calibrated,), (covered,) = study.calibration, study.coverage
    assert f"ECE {written(calibrated.ece)}" in words("reliability")
    assert f"accuracy {written(covered.points[-1].accuracy)}" in words("reliability")


def test_charts_bring_the_style_that_they_need(executed):
    """A drawing stands alone: its classes would be black boxes without the report's style."""
    for drawing in executed.outputs.all("image/svg+xml"):
        styled = set(re.findall(r"\.([a-z][\w-]*)", "".join(re.findall(r"<style>(.*?)</style>", drawing))))
        used = {name for names in re.findall(r'class="([^"]+)"', drawing) for name in names.split()}
        assert used - styled <= {"label", "cell"}
        assert styled & used


def test_disagreements_are_those_of_the_study(executed, study):
    rows = executed.outputs.table("disagreements")[1:]
    assert len(rows) == 12
    for row, one in zip(rows, study.disagreements, strict=False):
        said = [one.label, *one.scores.values()]
        assert row[2:-1] == ["no score" if score is None else CLASSES[score] for score in said]
        assert row[-1] == f"{one.distance:.2f}"


def test_corrected_shares(executed):
    labels, scores = executed.labels, executed.scores("ours")
    there = np.flatnonzero(scores >= 0)
    drawn = np.random.default_rng(0).choice(there, 158, replace=False)
    mild, said = (labels == 0).astype(float), (scores == 0).astype(float)
    sample = LabelledRows(mild[drawn], said[drawn], executed.clusters[drawn], np.ones(158))
    both = corrected_mean(sample, JudgedRows(said[there], executed.clusters[there]))
    once = executed.outputs.table("corrected")[1]
    assert once[:5] == ["ours", "316", "158", f"{mild[there].mean():.3f}", f"{said[there].mean():.3f}"]
    assert once[5:] == [written(both.labels_alone, 3), written(both.corrected, 3)]
    for row in executed.outputs.table("corrected", 1)[1:]:
        assert int(row[1].split(" of ")[0]) >= 190  # 95 % and more: these rows are half of the run


def test_the_command_says_and_writes_the_same(executed, study):
    said = "".join(executed.outputs.all("text/html", "command"))
    assert "guardrank-agree study sample.jsonl --question xstest-refusal" in said
    for one in study.slices[0].agreements:
        assert f"{one.kappa.value:.3f} [{one.kappa.low:.3f}, {one.kappa.high:.3f}]" in said
    head, same = executed.outputs.table("command")
    assert head[1] == "report.html, study.json"
    assert same[1] == "yes"
    assert "\x1b" not in said


def test_hostile_text_stays_text_in_every_output(executed):
    pages = executed.outputs.all("text/html")
    for text in pages:
        page = Page()
        page.feed(text)
        assert page.tags <= TAGS
        assert page.attributes <= {"style", "class"}
    for drawing in executed.outputs.all("image/svg+xml"):
        elements = list(ElementTree.fromstring(drawing).iter())
        assert {one.tag.rpartition("}")[2] for one in elements} <= DRAWN
        assert not [name for one in elements for name in one.attrib if name.startswith("on") or "href" in name]
    shown = executed.outputs.table("disagreements", 1)[1:]
    assert any("<img src=x onerror=" in row[2] for row in shown)  # it is there, as text
    mimes = {mime for one in executed.outputs.cells.values() for out in one["outputs"] for mime in out["data"]}
    assert mimes == {"text/plain", "text/html", "image/svg+xml"}


def test_a_second_execution_changes_nothing(executed):
    before = executed.path.read_bytes()
    assert executed.execute().returncode == 0
    assert executed.path.read_bytes() == before


def test_a_failing_cell_is_told_and_nothing_is_written(tmp_path):
    path = copy_without_outputs(tmp_path)
    before = path.read_bytes()
    ran = execute(path, tmp_path, GUARDRANK_STUDY_DATA="missing.jsonl")
    assert ran.returncode == 1
    assert "missing.jsonl: no such file" in ran.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("started", [".", "notebooks"])
def test_paths_are_relative_to_the_root_wherever_it_starts(tmp_path, monkeypatch, started):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / started)
    for name in ("DATA", "QUESTION", "JUDGES", "TEXTS"):
        monkeypatch.delenv(f"GUARDRANK_STUDY_{name}", raising=False)
    found = {}
    exec("".join(Outputs(NOTEBOOK).cells["parameters"]["source"]), found)
    assert Path.cwd() == tmp_path
    assert found["DATA"] == "../shared/data/xstest.jsonl.gz"
    assert (found["QUESTION"], len(found["JUDGES"]), found["SHOW_TEXTS"]) == ("xstest-refusal", 4, False)


def test_the_committed_notebook_has_all_outputs_in_order():
    outputs = Outputs(NOTEBOOK)
    counts = [cell["execution_count"] for cell in outputs.cells.values()]
    assert counts == list(range(1, len(counts) + 1))
    for cell in outputs.cells.values():
        assert cell["outputs"], cell["id"]
        assert {output["output_type"] for output in cell["outputs"]} <= {"execute_result", "display_data"}
        assert cell["metadata"] == {}
    assert [row[1] for row in outputs.table("study")[1:]] == ["yes", "yes", "yes"]
    assert outputs.table("command")[1][1] == "yes"


def test_the_committed_notebook_has_its_ten_chapters():
    cells = Outputs(NOTEBOOK).notebook["cells"]
    headings = [line.strip() for cell in cells for line in cell["source"] if line.startswith("## ")]
    assert headings == [f"## {i}. {title}" for i, title in enumerate(CHAPTERS, start=1)]


def test_the_committed_notebook_is_of_the_real_file_with_the_published_figures():
    outputs = Outputs(NOTEBOOK)
    assert "xstest.jsonl.gz" in outputs.all("text/plain", "parameters")[0]
    assert dict(outputs.table("rows"))["rows with a label"] == "2,250"
    kappas = {row[0]: row[1] for row in outputs.table("intervals")[1:]}
    assert kappas["gpt-4"].startswith("0.634 ")
    assert outputs.table("people")[1][3].startswith("0.937 ")


def test_the_committed_notebook_names_no_machine_and_stays_small():
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w.<])/(?:home|root|tmp|work|Users|var|private|mnt|opt)/", text)
    assert not re.findall(r"[A-Z]:\\\\\w", text)
    assert len(text.encode()) < 300_000


def test_the_committed_notebook_holds_no_text_of_the_data(shared_data):
    from guardrank.annotations import read_records

    text = re.sub(r"\s+", " ", " ".join(" ".join(all_strings(Outputs(NOTEBOOK).notebook)).split()))
    rows = list(read_records(shared_data / "xstest.jsonl.gz"))
    assert len(rows) == 2250
    for row in rows:
        for told in (row.prompt, row.response):
            start = " ".join(told.split())[:30]
            assert len(start) < 15 or start not in text, row.id


def all_strings(value):
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from all_strings(inner)
