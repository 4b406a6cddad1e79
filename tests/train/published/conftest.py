"""A published judge of each kind, small, and the judge folders that they are packed into."""

import numpy as np
import pytest
import torch
from tests_support.commands import run_here
from tests_support.published import ROWS, VALUE_ROWS, DecoderLoop, EncoderLoop, with_positions, write_adapter

from guardrank.train.published import pack_published


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """Tiny products are slower on several threads, and far slower where the cores are busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="package")
def encoder(checkpoints):
    """A published encoder whose logits lie around 0 on the test's rows."""
    loop = EncoderLoop(checkpoints["roberta"])
    loop.centre(ROWS)
    return loop


@pytest.fixture(scope="package")
def published(encoder):
    """What the published loop scores ROWS."""
    return np.array(encoder.scores(ROWS))


@pytest.fixture(scope="package")
def state(encoder, tmp_path_factory):
    return encoder.save(tmp_path_factory.mktemp("published") / "hallucination.pt")


@pytest.fixture(scope="package")
def packed_encoder(state, checkpoints, tmp_path_factory):
    """The judge folder of the encoder; tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("packed") / "truth"
    pack_published(state, str(checkpoints["roberta"]), folder)
    return folder


@pytest.fixture(scope="package")
def llama(checkpoints, tmp_path_factory):
    """A LLaMA base that reads 512 tokens."""
    return with_positions(checkpoints["llama"], tmp_path_factory.mktemp("llama") / "base", 512)


@pytest.fixture(scope="package")
def adapter(llama, tmp_path_factory):
    return write_adapter(llama, tmp_path_factory.mktemp("adapter") / "guardrank_lora")


@pytest.fixture(scope="package")
def decoder(llama, adapter):
    """The published loop's decoder, and its logits of VALUE_ROWS."""
    loop = DecoderLoop(llama, adapter)
    return loop, loop.logits(VALUE_ROWS)


@pytest.fixture(scope="package")
def packed_adapter(adapter, llama, tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed") / "values"
    pack_published(adapter, str(llama), folder)
    return folder


@pytest.fixture
def run(capfd, monkeypatch, tmp_path):
    """Run a command in a fresh folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return lambda app, *arguments: run_here(app, capfd, monkeypatch, *arguments)
