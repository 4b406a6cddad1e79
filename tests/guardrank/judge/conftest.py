"""Judge folders of each family, written once; tests that change a folder take a copy."""

import pickle
import shutil
from pathlib import Path

import pytest
from tests_support.judges import write_tiny_judge


@pytest.fixture(scope="session")
def judges(checkpoints, tmp_path_factory):
    """Family name -> a LoRA judge of truthfulness on that base."""
    root = tmp_path_factory.mktemp("judges")
    return {family: write_tiny_judge(root / family, base) for family, base in checkpoints.items()}


@pytest.fixture
def judge_copy(judges, tmp_path):
    """A copy of the BERT judge's folder, to damage."""
    return shutil.copytree(judges["bert"].folder, tmp_path / "copy")


class Bomb:
    """Leaves a file where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.fixture
def bomb(tmp_path):
    """A pickle and the file that it leaves; unpickling it does so."""
    mark = tmp_path / "exploded"
    data = pickle.dumps(Bomb(mark))
    pickle.loads(data)
    assert mark.is_file()
    mark.unlink()
    return data, mark
