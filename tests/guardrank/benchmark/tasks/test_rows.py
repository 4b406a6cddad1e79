"""Rows in any spelling become cases."""

import json

import pytest
from tests_support.benchmark import draw

from guardrank.benchmark.images import ImageFolder
from guardrank.benchmark.tasks import read_tasks
from guardrank.benchmark.tasks.hub import hub_folder, is_hub_id, read_hub_rows
from guardrank.benchmark.tasks.rows import row_case
from guardrank.errors import UsageError


def write(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return str(path)


def test_json_lines_with_our_names(tmp_path):
    row = {"id": "x1", "image": "a.png", "prompt": "Who?", "dimension": "privacy", "lang": "zh", "meta": {"k": 1}}
    (case,) = read_tasks(write(tmp_path / "cases.jsonl", [row])).cases
    assert (case.id, case.task, case.images, case.dimension, case.lang) == (
        "x1",
        "cases",
        ("a.png",),
        "privacy",
        "zh",
    )


def test_json_lines_with_others_names(tmp_path):
    row = {"img_url": "a.png", "question": "Who?", "Category": "Personal Privacy", "Language": "Chinese"}
    row |= {"choices": ["red", "blue"], "Jailbreak Type": "Unsafe Inquiry"}
    (case,) = read_tasks(write(tmp_path / "cases.jsonl", [row])).cases
    assert (case.images, case.prompt, case.dimension, case.lang) == (("a.png",), "Who?", "privacy", "zh")
    assert (case.options, case.attack) == ({"A": "red", "B": "blue"}, "unsafe-inquiry")


def test_a_csv_in_gbk_and_a_mapping(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_bytes("pic,ask,dimension\na.png,这是谁？,bias\n".encode("gbk"))
    (case,) = read_tasks(str(path), mapping={"prompt": "ask", "images": "pic"}).cases
    assert (case.prompt, case.images) == ("这是谁？", ("a.png",))


def test_several_images_and_none(tmp_path):
    rows = [
        {"images": ["a.png", "b.png"], "prompt": "Compare", "dimension": "bias"},
        {"prompt": "Only text", "dimension": "bias"},
    ]
    two, none = read_tasks(write(tmp_path / "cases.jsonl", rows)).cases
    assert (two.images, none.images) == (("a.png", "b.png"), ())


def test_bad_rows_are_problems(tmp_path):
    path = tmp_path / "cases.jsonl"
    fine = {"prompt": "Who?", "dimension": "bias"}
    write(path, [fine, {"prompt": "Who?"}, {"dimension": "bias"}, fine, fine | {"role": "third"}])
    path.write_text(path.read_text() + "{not json\n")
    tasks = read_tasks(str(path))
    assert len(tasks.cases) == 1
    assert [(problem.place, problem.kind) for problem in tasks.problems] == [
        ("cases.jsonl:2", "odd_row"),
        ("cases.jsonl:3", "odd_row"),
        ("cases.jsonl:4", "duplicate"),
        ("cases.jsonl:5", "odd_row"),
        ("cases.jsonl:6", "odd_row"),
    ]


def test_an_id_that_comes_twice_with_another_question_is_told_apart_from_a_repeated_question(tmp_path):
    rows = [{"id": "1", "prompt": prompt, "dimension": "bias"} for prompt in ("Who?", "Where?", "Who?")]
    tasks = read_tasks(write(tmp_path / "cases.jsonl", rows))
    assert [(problem.kind, problem.text.partition(" ")[0]) for problem in tasks.problems] == [
        ("duplicate_id", "has"),
        ("duplicate", "asks"),
    ]


def test_images_lie_beside_the_file_or_where_the_user_says(tmp_path):
    source = write(tmp_path / "cases.jsonl", [{"image": "a.png", "prompt": "Who?", "dimension": "bias"}])
    assert read_tasks(source).images == tmp_path
    assert read_tasks(source, images=tmp_path / "pictures").images == tmp_path / "pictures"


def test_what_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match="no such file or folder"):
        read_tasks(str(tmp_path / "nothing"))
    with pytest.raises(UsageError, match=r"no TASK/prompt\.csv"):
        read_tasks(str(tmp_path))
    none = read_tasks(write(tmp_path / "cases.jsonl", [{"prompt": ""}]))
    assert (none.cases, [problem.kind for problem in none.problems]) == ((), ["odd_row"])


def test_a_data_set_with_images_in_it_is_read_like_any_hub_id(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    picture = {"bytes": draw(tmp_path / "a.png", "blue").read_bytes(), "path": None}
    rows = {"image": [picture] * 2, "prompt": ["Who?", "Where?"], "dimension": ["privacy"] * 2}
    features = datasets.Features(
        {"image": datasets.Image(), "prompt": datasets.Value("string"), "dimension": datasets.Value("string")}
    )
    repository = tmp_path / "owner" / "name"
    repository.mkdir(parents=True)
    datasets.Dataset.from_dict(rows, features=features).to_parquet(repository / "train.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    read = [row_case("name", row, {}) for row in read_hub_rows("owner/name@train", tmp_path / "kept")]
    assert [case.prompt for case in read] == ["Who?", "Where?"]
    assert len({case.images for case in read}) == 1
    assert ImageFolder(tmp_path / "kept").open(read[0].images[0]).getpixel((2, 2)) == (0, 0, 255)


def test_hub_ids_have_a_folder_each(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert hub_folder("owner/name@test") == tmp_path / "guardrank" / "tasks" / "owner--name@test"
    assert is_hub_id("owner/name") and not is_hub_id("../name") and not is_hub_id("a/b/c")
