"""Small real checkpoints, built on disk: the loading code under test is the one users run."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests_support.checkpoints import BUILDERS
from tests_support.rows import annotated_rows, write_jsonl

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")  # a busy machine is no failure

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    """Family name -> folder of a tiny base model with a tokenizer trained on the seed texts."""
    root = tmp_path_factory.mktemp("bases")
    return {family: build(root / family) for family, build in BUILDERS.items()}


@pytest.fixture(params=sorted(BUILDERS))
def base(request, checkpoints):
    """A tiny base of each family in turn."""
    return checkpoints[request.param]


@pytest.fixture
def annotations(tmp_path):
    """A file of 96 annotated truthfulness rows that even a tiny model can learn."""
    return write_jsonl(tmp_path / "annotations.jsonl", annotated_rows("truthfulness", 96))


@pytest.fixture(scope="session")
def shared_data():
    """The real annotated responses beside the project; skips where they are not."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{SHARED_DATA} is missing: it holds the real annotated responses")
    return SHARED_DATA
