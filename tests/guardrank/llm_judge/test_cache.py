"""The answer cache: whole files or none, for threads and processes."""

import threading
import time

import pytest

from guardrank.llm_judge.answers import Answer
from guardrank.llm_judge.cache import AnswerCache

KEY, OTHER = "ab" * 32, "cd" * 32
ANSWER = Answer(
    content='{"score": 1, "reason": "语\u2028"}',
    model="m",
    base_url="u",
    prompt="p",
    sent={"seed": 0},
    answered="now",
)


def test_what_is_put_is_got(tmp_path):
    cache = AnswerCache(tmp_path / "new" / "folder")
    assert cache.get(KEY) is None
    cache.put(KEY, ANSWER)
    assert cache.get(KEY) == AnswerCache(cache.folder).get(KEY) == ANSWER
    assert cache.get(OTHER) is None
    assert [path.relative_to(cache.folder).as_posix() for path in cache.folder.rglob("*.*")] == [f"ab/{KEY}.json"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe", ANSWER.model_dump_json().encode()[:-9]])
def test_a_damaged_file_is_no_answer(tmp_path, damage):
    cache = AnswerCache(tmp_path)
    cache.put(KEY, ANSWER)
    (tmp_path / "ab" / f"{KEY}.json").write_bytes(damage)
    assert cache.get(KEY) is None
    cache.put(KEY, ANSWER)
    assert cache.get(KEY) == ANSWER


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    cache = AnswerCache(tmp_path)
    cache.put(OTHER, ANSWER)

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space"):
        cache.put(KEY, ANSWER)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{OTHER}.json"]


def test_one_thread_at_a_time_asks_for_an_answer(tmp_path):
    cache, inside, order = AnswerCache(tmp_path), [], []

    def ask(key):
        with cache.alone(key):
            inside.append(key)
            order.append(inside.count(KEY))
            time.sleep(0.01)
            inside.remove(key)

    threads = [threading.Thread(target=ask, args=(key,)) for key in [KEY, OTHER] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(order) == 8 and max(order) == 1
