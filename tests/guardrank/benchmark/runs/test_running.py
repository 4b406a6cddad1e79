"""The loop: batches, failures with their reasons, memory that runs out, threads, and going on."""

import threading

import pytest
from tests_support.benchmark import EchoModel, a_case, draw

from guardrank.benchmark.case import Transform
from guardrank.benchmark.images import ImageFolder
from guardrank.benchmark.models import OutOfMemoryError, Reply
from guardrank.benchmark.runs import ResponseLog, ask_all
from guardrank.benchmark.runs.responses import read_responses
from guardrank.errors import GuardRankError


@pytest.fixture
def folder(tmp_path):
    for i in range(7):
        draw(tmp_path / f"p:{i}.png")
    return ImageFolder(tmp_path)


def cases(count=7, **fields):
    return [a_case(f"p:{i}", **fields) for i in range(count)]


def ask(todo, model, folder, path):
    with ResponseLog(path) as log:
        outcome = ask_all(todo, model, folder, log)
    return outcome, read_responses(path)


def test_every_case_is_asked_once_in_batches(folder, tmp_path):
    model = EchoModel(batch_size=3)
    outcome, found = ask(cases(), model, folder, tmp_path / "r.jsonl")
    assert model.asked == [["p:0", "p:1", "p:2"], ["p:3", "p:4", "p:5"], ["p:6"]]
    assert {id_: one.response for id_, one in found.items()} == {
        f"p:{i}": f"You asked: What of p:{i}?" for i in range(7)
    }
    assert (outcome.answered, outcome.failures.total()) == (7, 0)
    assert found["p:3"].case == cases()[3].sha256[:16]


def test_a_missing_image_is_the_cases_error_and_the_model_is_not_asked(folder, tmp_path):
    model = EchoModel(batch_size=3)
    todo = [*cases(2), a_case("p:x")]
    outcome, found = ask(todo, model, folder, tmp_path / "r.jsonl")
    assert model.asked == [["p:0", "p:1"]]
    assert (found["p:x"].response, found["p:x"].error) == (None, "image_missing")
    assert outcome.failures == {"image_missing": 1}


def test_a_transform_that_does_not_fit_is_the_cases_error(folder, tmp_path):
    bare = a_case("p:t", images=(), transform=Transform(name="gaussian-noise", strength=0.2, seed=1))
    _, found = ask([bare], EchoModel(), folder, tmp_path / "r.jsonl")
    assert found["p:t"].error == "no_images"


def test_transforms_reach_the_model(folder, tmp_path):
    seen = []

    class Looking(EchoModel):
        def answer(self, asks):
            seen.extend(ask.images[0].tobytes() for ask in asks)
            return super().answer(asks)

    noisy = a_case("p:1", transform=Transform(name="gaussian-noise", strength=0.2, seed=1))
    ask([a_case("p:1"), noisy.model_copy(update={"id": "p:1~n"})], Looking(), folder, tmp_path / "r.jsonl")
    assert len(seen) == 2 and seen[0] != seen[1]


class Small(EchoModel):
    """Memory for ``most`` asks."""

    most = 2

    def answer(self, asks):
        if len(asks) > self.most:
            raise OutOfMemoryError
        return super().answer(asks)


def test_memory_that_runs_out_halves_the_batch_and_loses_nothing(folder, tmp_path, capfd):
    model = Small(batch_size=7)
    outcome, found = ask(cases(), model, folder, tmp_path / "r.jsonl")
    assert [len(batch) for batch in model.asked] == [1] * 7
    assert outcome.answered == len(found) == 7
    assert "going on with 3 at a time" in capfd.readouterr().err


def test_a_case_that_does_not_fit_by_itself_fails_alone(folder, tmp_path):
    model = Small(batch_size=2)
    model.most = 0
    outcome, found = ask(cases(2), model, folder, tmp_path / "r.jsonl")
    assert outcome.failures == {"out_of_memory": 2}
    assert {one.error for one in found.values()} == {"out_of_memory"}


def test_servers_are_asked_from_several_threads_at_once(folder, tmp_path):
    together = threading.Barrier(3, timeout=20)

    class Server(EchoModel):
        def answer(self, asks):
            together.wait()
            return super().answer(asks)

    _, found = ask(cases(6), Server(threads=3, batch_size=1), folder, tmp_path / "r.jsonl")
    assert len(found) == 6


def test_what_was_answered_before_a_fatal_error_is_kept(folder, tmp_path):
    class Dying(EchoModel):
        def answer(self, asks):
            if self.asked:
                raise GuardRankError("the server does not take the key")
            return super().answer(asks)

    with pytest.raises(GuardRankError, match="the key"):
        ask(cases(), Dying(batch_size=2), folder, tmp_path / "r.jsonl")
    assert set(read_responses(tmp_path / "r.jsonl")) == {"p:0", "p:1"}


def test_replies_that_are_not_as_many_as_the_asks_are_nobodys(folder, tmp_path):
    class Forgetful(EchoModel):
        def answer(self, asks):
            return super().answer(asks)[1:]

    with pytest.raises(GuardRankError, match="gave 1 replies to 2 requests"):
        ask(cases(), Forgetful(), folder, tmp_path / "r.jsonl")
    assert read_responses(tmp_path / "r.jsonl") == {}


def test_a_reply_is_a_text_or_an_error():
    with pytest.raises(ValueError, match="either"):
        Reply()
    with pytest.raises(ValueError, match="either"):
        Reply("text", error="empty")
