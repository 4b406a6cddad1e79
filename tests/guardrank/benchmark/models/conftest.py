"""Tiny vision-language models of each architecture, built and loaded once; tests that change one take a copy."""

import shutil

import pytest
from tests_support.local_models import OPTIONS
from tests_support.vision_checkpoints import VISION_BUILDERS

from guardrank.benchmark.models import hf


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Architecture -> folder of a tiny model."""
    root = tmp_path_factory.mktemp("vision")
    return {name: build(root / name) for name, build in VISION_BUILDERS.items()}


@pytest.fixture(params=sorted(VISION_BUILDERS))
def family(request):
    return request.param


@pytest.fixture
def folder(folders, family):
    return folders[family]


@pytest.fixture(scope="session")
def loaded(folders):
    """Architecture -> the model, for tests that change nothing about it."""
    return {name: hf.load(str(folder), OPTIONS) for name, folder in folders.items()}


@pytest.fixture
def model(loaded, family):
    return loaded[family]


@pytest.fixture
def copied(folder, tmp_path):
    """A copy of the folder, to damage."""
    return shutil.copytree(folder, tmp_path / "copied")
