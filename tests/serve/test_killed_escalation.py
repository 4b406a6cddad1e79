"""Killed at any moment, while the judge scores or while the chat model is asked, a run goes on to the same end."""

import json
import os
import signal

import pytest
from tests_support.abstaining import halving_judge, numbered_rows
from tests_support.chat_server import ChatServer, Reply, by_response
from tests_support.processes import finish, start_scoring, wait_until
from tests_support.rows import write_jsonl

from guardrank.llm_judge.options import ChatOptions
from guardrank.serve.request import ScoringRequest

WINDOW, CONCURRENCY = 16, 4
ROWS = numbered_rows(200, "toxicity", "truthfulness", "bias")
OUTPUT, LIST = "r.verdicts.jsonl", "r.abstained.jsonl"
LEFT = (OUTPUT, LIST, f"{OUTPUT}.run.json", "out.txt")
"""What must be the same in the end. Rows in truthfulness that are scored 2 or 3, off its scale, stay listed."""


@pytest.fixture(scope="module")
def server():
    with ChatServer() as running:
        yield running


@pytest.fixture
def begin(request_, tmp_path, server, undisturbed):
    """Start or resume the run in a folder, with the answers that were paid for in there."""
    server.reply = by_response
    server.answered.clear()
    return lambda folder=tmp_path: start(request_, folder)


@pytest.fixture(scope="module")
def request_(judge, server, tmp_path_factory):
    halving = halving_judge(judge, tmp_path_factory.mktemp("halving") / "halving", ROWS)
    return ScoringRequest(
        inputs=("r.jsonl",),
        output=OUTPUT,
        judges=(str(halving),),
        device="cpu",
        resume=True,
        abstain_at=0.1,
        escalate="openai:tiny",
        chat=ChatOptions(base_url=server.url, concurrency=CONCURRENCY),
    )


def start(request, folder):
    folder.mkdir(exist_ok=True)
    if not (folder / "r.jsonl").exists():
        write_jsonl(folder / "r.jsonl", ROWS)
    return start_scoring(folder, request, WINDOW, XDG_CACHE_HOME=str(folder / "cache"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, request_, server):
    """What a run leaves that nobody kills, by name; and the verdicts before any was escalated."""
    folder, before = tmp_path_factory.mktemp("undisturbed"), len(server.asked)
    assert finish(start(request_, folder)) == 0, (folder / "err.txt").read_text()
    left = {name: (folder / name).read_bytes() for name in LEFT}
    left["asked"] = len(server.asked) - before
    local = folder.with_name("local")
    own = ScoringRequest(**{**vars(request_), "escalate": None, "chat": ChatOptions()})
    assert finish(start(own, local)) == 0
    left |= {"local": (local / OUTPUT).read_bytes(), "list of local": (local / LIST).read_bytes()}
    return left


def check(folder, undisturbed):
    assert {name: (folder / name).read_bytes() for name in LEFT} == {name: undisturbed[name] for name in LEFT}
    assert [file.name for file in folder.glob("*.tmp")] == []


def test_what_an_undisturbed_run_is_like(undisturbed):
    lines = [json.loads(line) for line in undisturbed[OUTPUT].splitlines()]
    taken = [line for line in lines if "escalated_from" in line]
    left = [line["id"] for line in lines if line["abstained"]]
    listed = [json.loads(line)["id"] for line in undisturbed[LIST].splitlines()]
    assert (len(lines), undisturbed["asked"]) == (200, len(taken) + len(left))
    assert len(taken) > 30 and left == listed and len(left) > 5
    assert undisturbed["local"] != undisturbed[OUTPUT]


@pytest.mark.parametrize("after", [1, 20, 45])
def test_killed_while_the_chat_model_is_asked(begin, undisturbed, server, tmp_path, after):
    process = begin()
    server.reply = lambda asked: Reply(by_response(asked).body, after=0.02)
    wait_until(lambda: sum(server.answered.values()) >= after or process.exitcode is not None)
    process.kill()
    assert finish(process) == -signal.SIGKILL
    first = server.settled()
    assert after <= first < undisturbed["asked"]
    assert (tmp_path / OUTPUT).read_bytes() == undisturbed["local"]
    assert (tmp_path / LIST).read_bytes() == undisturbed["list of local"]
    assert finish(begin()) == 0, (tmp_path / "err.txt").read_text()
    check(tmp_path, undisturbed)
    assert len(server.answered) == undisturbed["asked"]


def test_only_what_was_under_way_is_paid_twice(request_, undisturbed, server, tmp_path):
    server.answered.clear()
    server.reply = lambda asked: Reply(by_response(asked).body, after=0.02)
    for after in (10, 30):
        process = start(request_, tmp_path)
        wait_until(lambda: sum(server.answered.values()) >= after or process.exitcode is not None)  # noqa: B023
        process.kill()
        process.join()
        server.settled()
    server.reply = by_response
    assert finish(start(request_, tmp_path)) == 0
    check(tmp_path, undisturbed)
    assert 0 <= server.settled() - undisturbed["asked"] <= 2 * CONCURRENCY


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95])
def test_killed_while_the_judge_scores(begin, undisturbed, tmp_path, share):
    process, aim = begin(), share * len(undisturbed["local"])
    output = tmp_path / OUTPUT
    wait_until(lambda: (output.exists() and output.stat().st_size >= aim) or process.exitcode is not None)
    process.kill()
    process.join()
    assert finish(begin()) == 0, (tmp_path / "err.txt").read_text()
    check(tmp_path, undisturbed)


def test_interrupted_it_keeps_the_judges_verdicts_and_says_so(begin, undisturbed, server, tmp_path):
    process = begin()
    server.reply = lambda asked: Reply(by_response(asked).body, after=0.05)
    wait_until(lambda: sum(server.answered.values()) >= 5 or process.exitcode is not None)
    os.kill(process.pid, signal.SIGINT)
    assert finish(process) != 0
    told = (tmp_path / "err.txt").read_text()
    assert "waiting for the answers under way, which are paid for" in told
    assert f"200 verdicts are kept in {OUTPUT}: go on with --resume" in told
    assert (tmp_path / OUTPUT).read_bytes() == undisturbed["local"]
    assert [file.name for file in tmp_path.glob("*.tmp")] == []
    server.reply = by_response
    assert finish(begin()) == 0
    check(tmp_path, undisturbed)


# the moments too short to be hit: what each would leave, made by hand


def left_by(folder, undisturbed, *, verdicts, run_file, listed):
    """A folder in which a run was killed between two of its last steps."""
    folder.mkdir(exist_ok=True)
    write_jsonl(folder / "r.jsonl", ROWS)
    (folder / OUTPUT).write_bytes(undisturbed[verdicts])
    run = json.loads(undisturbed[f"{OUTPUT}.run.json"])
    sizes = {"none": None, "local": len(undisturbed["local"]), "whole": len(undisturbed[OUTPUT])}
    run["finished"] = run_file and sizes[run_file] and {"verdicts": 200, "bytes": sizes[run_file]}
    (folder / f"{OUTPUT}.run.json").write_text(json.dumps(run))
    (folder / LIST).write_bytes(undisturbed[listed])
    (folder / f"{OUTPUT}.tmp").write_bytes(undisturbed[OUTPUT][:1000])
    (folder / f"{LIST}.tmp").write_bytes(b"half a li")


@pytest.mark.parametrize(
    "left",
    [
        {"verdicts": "local", "run_file": "none", "listed": LIST},
        {"verdicts": "local", "run_file": "local", "listed": "list of local"},
        {"verdicts": "local", "run_file": "whole", "listed": "list of local"},
        {"verdicts": OUTPUT, "run_file": "whole", "listed": "list of local"},
        {"verdicts": OUTPUT, "run_file": "local", "listed": "list of local"},
        {"verdicts": OUTPUT, "run_file": "none", "listed": LIST},
    ],
    ids=[
        "before the end is written down",
        "before anything is asked",
        "before the verdicts are replaced",
        "before the list is replaced",
        "steps in another order",
        "no word of the end",
    ],
)
def test_killed_between_the_last_steps(begin, undisturbed, tmp_path, left):
    left_by(tmp_path, undisturbed, **left)
    assert finish(begin()) == 0, (tmp_path / "err.txt").read_text()
    check(tmp_path, undisturbed)
