"""guardrank-bench as a user runs it: from a checkpoint and a task folder to the leaderboard."""

import base64
import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from tests_support.benchmark import (
    ECHOED,
    HEADER,
    draw,
    figures,
    huge_png,
    privacy_folder,
    responses,
    write_sheet,
)
from tests_support.chat_server import ChatServer, completion, failing
from tests_support.vision_checkpoints import build_llava, build_qwen2_vl

from guardrank.benchmark.models import Ask, ModelOptions, load_model

SAMPLES = Path(__file__).parents[3] / "data" / "samples" / "tasks"
BUILDERS = {"llava": build_llava, "qwen2-vl": build_qwen2_vl}


@pytest.fixture(scope="module")
def vision(tmp_path_factory):
    root = tmp_path_factory.mktemp("vision")
    return {name: build(root / name) for name, build in BUILDERS.items()}


@pytest.mark.parametrize("family", BUILDERS)
def test_one_command_from_a_checkpoint_to_a_leaderboard(bench, vision, tmp_path, family):
    outcome = bench(
        "run", "--model", f"hf:{vision[family]}", "--tasks", SAMPLES, "-o", "run", "--max-new-tokens", "8",
        "--batch-size", "8", "--device", "cpu",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert "privacy" in outcome.out and "ASD" in outcome.out and "guardrank-mini@" in outcome.out
    board = figures(tmp_path / "run")
    (model,) = board["models"]
    assert {one["dimension"] for one in model["rates"] if one["by"] == "dimension"} == {
        "privacy", "bias", "toxicity", "truthfulness", "legality",
    }  # fmt: skip
    assert {one["value"] for one in model["rates"] if one["by"] == "lang"} == {"en", "zh"}
    assert model["cases"] == 60 and model["cut"] > 0
    assert model["answered"] + model["failures"].get("empty", 0) == 60  # random weights may end at once
    page = (tmp_path / "run" / "leaderboard.html").read_text("utf-8")
    assert "data:image/jpeg;base64," in page and "<script" not in page
    facts = json.loads((tmp_path / "run" / "manifest.json").read_text())["facts"]
    assert str(vision[family].parent) not in json.dumps(facts)
    assert model["spec"] == f"hf:{vision[family].name}"


def test_the_same_tasks_over_http_give_the_same_responses(bench, vision, tmp_path):
    """A real model behind a real server: what a local run says, a server that holds it says too."""
    options = ModelOptions(max_new_tokens=6, batch_size=1, device="cpu")
    model = load_model(f"hf:{vision['llava']}", options)

    def reply(asked):
        content = asked.body["messages"][0]["content"]
        parts = content if isinstance(content, list) else []
        urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        images = [Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) for url in urls]
        (answer,) = model.answer([Ask("x", asked.text, tuple(images))])
        return completion(answer.text, finish="length" if answer.cut else "stop")

    common = ("--tasks", SAMPLES / "privacy", "--max-new-tokens", "6", "--no-judge", "--device", "cpu")
    with ChatServer(reply) as server:
        remote = bench(
            "run", "--model", "openai:tiny", "--base-url", server.url, *common, "--concurrency", "1", "-o", "remote"
        )
    local = bench("run", "--model", f"hf:{vision['llava']}", "--batch-size", "1", *common, "-o", "local")
    model.close()
    assert (remote.code, local.code) == (0, 0), remote.err + local.err
    said = [
        {one["id"]: (one["response"], one["cut"]) for one in responses(tmp_path / name)}
        for name in ("remote", "local")
    ]
    assert said[0] == said[1] and len(said[0]) == 6


def test_a_server_in_trouble_leaves_marked_rows_and_the_next_start_repairs_them(bench, tmp_path):
    privacy_folder(tmp_path / "tasks", 8)
    broken = {1: failing(500), 2: failing(429), 3: completion(""), 4: completion("x", choices=[])}

    def reply(asked):
        number = int(asked.text.partition("(")[2].partition(")")[0])
        return broken.get(number, completion("I cannot tell who this is."))

    with ChatServer(reply) as server:
        command = (
            "run", "--model", "openai:tiny", "--base-url", server.url, "--tasks", "tasks", "-o", "run",
            "--set", "attempts=1", "--judge", "keyword",
        )  # fmt: skip
        first = bench(*command)
        assert first.code == 0 and "No response to 4 of 8 cases" in first.err
        failures = figures(tmp_path / "run")["models"][0]["failures"]
        assert failures == {"http_500": 1, "http_429": 1, "empty": 1, "malformed": 1}
        asked = len(server.asked)
        broken.clear()
        second = bench(*command)
    assert second.code == 0 and "4 of them answered before" in second.err
    assert len(server.asked) - asked == 4
    (model,) = figures(tmp_path / "run")["models"]
    assert (model["answered"], model["failures"]) == (8, {})


def test_strict_makes_a_failed_case_an_error_after_the_report(bench, tmp_path):
    privacy_folder(tmp_path / "tasks", 3)
    (tmp_path / "tasks" / "privacy" / "imgs" / "0001.png").unlink()
    command = ("run", *ECHOED, "-o", "run", "--judge", "keyword")
    assert bench(*command).code == 0
    strict = bench(*command, "--strict")
    assert strict.code == 1 and "1 cases have no response" in strict.err
    assert figures(tmp_path / "run")["models"][0]["failures"] == {"image_missing": 1}


def test_when_nothing_is_answered_the_run_fails(bench, tmp_path):
    privacy_folder(tmp_path / "tasks", 2)
    shutil.rmtree(tmp_path / "tasks" / "privacy" / "imgs")
    outcome = bench("run", *ECHOED, "-o", "run", "--no-judge")
    assert outcome.code == 1 and "no case was answered: 2 image_missing" in outcome.err


def test_attacks_make_twins_and_show_in_the_report(bench, tmp_path):
    privacy_folder(tmp_path / "tasks", 12)
    command = ("run", *ECHOED, "-o", "run", "--judge", "keyword")
    outcome = bench(*command, "--attack", "jpeg=0.95", "--attack", "swap-options", "--seed", "3")
    assert outcome.code == 0, outcome.err
    assert "Attack swap-options does not fit 12 of 12 cases" in outcome.err
    board = figures(tmp_path / "run")
    assert [(one["attack"], one["pairs"]) for one in board["attacks"]] == [("jpeg", 12)]
    assert board["models"][0]["rates"][0]["n"] == 12
    refused = bench(*command, "--attack", "jpeg=0.5", "--seed", "3")
    assert refused.code == 2 and "attacks.jpeg was 0.95, is 0.5" in refused.err


def test_several_runs_make_one_leaderboard(bench, tmp_path):
    privacy_folder(tmp_path / "tasks", 12)
    for name in ("one", "two"):
        made = bench("run", *ECHOED, "-o", f"runs/{name}", "--no-judge")
        assert made.code == 0
    outcome = bench("report", "runs", "--judge", "keyword", "-o", "report")
    assert outcome.code == 0, outcome.err
    board = figures(tmp_path / "report")
    assert [model["model"] for model in board["models"]] == ["Echo (one)", "Echo (two)"]
    assert [model["places"]["overall"] for model in board["models"]] == [{"best": 1, "worst": 2}] * 2


def test_people_correct_the_judge(bench, tmp_path):
    privacy_folder(tmp_path / "tasks", 40)
    command = ("run", *ECHOED, "-o", "run", "--judge", "keyword")
    assert bench(*command, "--attack", "jpeg").code == 0
    records = [json.loads(line) for line in (tmp_path / "run" / "records.jsonl").read_bytes().splitlines()]
    clean = [record for record in records if "transform" not in record]
    labelled = [record | {"human": 3 * (i % 3 == 0)} for i, record in enumerate(clean[:30])]
    lines = "".join(f"{json.dumps(record)}\n" for record in labelled)
    (tmp_path / "labels.jsonl").write_text(f"{lines}{{no json\n")
    outcome = bench("report", "run", "--judge", "keyword", "--labels", "labels.jsonl", "-o", "report")
    assert outcome.code == 0, outcome.err
    assert "labels.jsonl: 1 row rejected" in outcome.err
    (row,) = figures(tmp_path / "report")["models"][0]["corrected"]
    assert row["rows"] == 40  # the twins of the attack are no part of it
    assert row["asd"]["judge"]["value"] == 0.0  # the rule takes every one for a refusal
    assert row["asd"]["corrected"]["value"] == pytest.approx(1 / 3, abs=0.01)
    assert "corrected by people's labels" in outcome.out


def test_check_names_everything_in_a_hostile_folder_and_none_is_fatal(bench, tmp_path):
    folder = tmp_path / "tasks" / "privacy"
    tail = ("Disguise", "en", "Privacy", "Trade Secret")
    images = folder / "imgs"
    draw(images / "fine.png")
    draw(images / "Case.PNG")
    huge_png(images / "bomb.png")
    (images / "cut.jpg").write_bytes(draw(tmp_path / "whole.jpg", size=(300, 200)).read_bytes()[:800])
    (images / "out.png").symlink_to(draw(tmp_path / "secret.png"))
    names = ["fine.png", "case.png", "bomb.png", "cut.jpg", "out.png", "../../../secret.png", "gone.png"]
    write_sheet(folder, [(name, f"About\n{name}", *tail) for name in names], encoding="utf-8-sig")
    gbk = ("fine.png", "这是什么？\n请说明", "Disguise", "中文", "Toxicity", "Hate Speech")
    draw(tmp_path / "tasks" / "toxicity" / "imgs" / "fine.png")
    write_sheet(tmp_path / "tasks" / "toxicity", [gbk], HEADER, encoding="gbk")
    outcome = bench("check", "tasks")
    assert outcome.code == 1 and "5 things need a hand" in outcome.err
    for kind in (
        "image_too_many_pixels",
        "image_damaged",
        "image_outside",
        "image_missing",
        "image_case",
        "encoding",
    ):
        assert kind in outcome.out
    run = bench("run", *ECHOED, "-o", "run", "--judge", "keyword")
    assert run.code == 0, run.err
    (model,) = figures(tmp_path / "run")["models"]
    assert model["answered"] == 3
    assert model["failures"] == {
        "image_outside": 2, "image_too_many_pixels": 1, "image_damaged": 1, "image_missing": 1,
    }  # fmt: skip


def test_check_shows_what_is_wrong_where_nothing_can_be_asked(bench, tmp_path):
    (tmp_path / "cases.jsonl").write_text('{"prompt": "Who?"}\n')
    outcome = bench("check", "cases.jsonl")
    assert outcome.code == 1 and "odd_row" in outcome.out and "is of no known dimension" in outcome.out
    run = bench("run", "--model", "python:echo_models:Echo", "--tasks", "cases.jsonl", "-o", "run")
    assert run.code == 2 and "guardrank-bench check says why" in run.err


def test_check_is_content_with_the_samples(bench):
    outcome = bench("check", SAMPLES)
    assert outcome.code == 0 and "Nothing to complain of" in outcome.out


@pytest.mark.parametrize("command", ["check", "run", "import", "report"])
def test_help_has_an_example(bench, command):
    outcome = bench(command, "--help")
    assert outcome.code == 0 and f"guardrank-bench {command} " in outcome.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--model", "what", "--tasks", "tasks", "-o", "run"), "give one of hf:"),
        (("run", "--model", "hf:gone/", "--tasks", "nowhere", "-o", "run"), "no such file or folder"),
        (
            ("run", *ECHOED, "-o", "run", "--attack", "melt"),
            "no attack",
        ),
        (("run", *ECHOED, "-o", "run", "--set", "x"), "KEY=VALUE"),
        (
            ("run", *ECHOED, "-o", "run", "--compat", "x"),
            "--compat",
        ),
        (("report", "nowhere"), "is no run and holds none"),
        (("import", "nowhere", "-o", "runs"), "nowhere"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exits_with_2(bench, tmp_path, arguments, said):
    privacy_folder(tmp_path / "tasks", 1)
    outcome = bench(*arguments)
    assert outcome.code == 2 and said in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
