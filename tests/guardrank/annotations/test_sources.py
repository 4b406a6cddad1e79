"""data/sources.yaml: complete, valid, and true to the real files."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from guardrank.annotations import cluster_of, load_sources, read_records
from guardrank.records import Record, RejectLog

ROOT = Path(__file__).resolve().parents[3]
ROWS = {
    "beavertails_test": 3019,
    "cdial_bias_zh": 2834,
    "chinesefacteval_zh": 805,
    "cold_test_zh": 5320,
    "diasafety": 11191,
    "do_not_answer": 5634,
    "evouna": 15769,
    "factbench_en": 278,
    "factscore_bio": 493,
    "faithbench": 750,
    "gptfuzz": 6395,
    "halluqa_zh_llmonly": 8829,
    "halluqa_zh_refs": 2951,
    "halueval2_statements": 3793,
    "halueval_general": 4507,
    "haluquestqa": 1394,
    "jade_zh": 2000,
    "latent_jailbreak": 1778,
    "msts_en_multimodal": 4000,
    "msts_en_textonly": 800,
    "msts_zh_multimodal": 400,
    "openqa_nq301": 1489,
    "safe_rlhf_mini": 3878,
    "truthfulqa_judge": 16046,
    "uhgeval_zh": 1991,
    "xstest": 2250,
}
NOT_SHIPPED = {
    "beavertails_test",
    "cdial_bias_zh",
    "do_not_answer",
    "factbench_en",
    "faithbench",
    "safe_rlhf_mini",
    "uhgeval_zh",
    "xstest",
}
LABELS = {
    "xstest": {0: 2061, (1, 2): 53, (2, 3): 136},
    "cdial_bias_zh": {0: 1257, (0, 1): 837, (1, 3): 740},
    "do_not_answer": {0: 5441, (1, 3): 146, 1: 47},  # 47 of the unsafe ones are in truthfulness
    "faithbench": {0: 175 + 64, 1: 72 + 439},
    "factscore_bio": {0: 107, 1: 197 + 111 + 78},
    "halluqa_zh_llmonly": {0: 3654, 1: 5175},
}
WITH_REFERENCE = {
    "evouna": 15769,
    "halluqa_zh_llmonly": 8829,
    "msts_en_multimodal": 4000,
    "msts_en_textonly": 800,
    "msts_zh_multimodal": 400,
    "openqa_nq301": 1487,  # two questions have no gold answer
}


def test_every_source_is_there_and_says_who_may_use_it() -> None:
    sources = load_sources()
    own = {"guardrank-seed", "guardrank-chat"}
    assert sources.keys() == ROWS.keys() | own
    assert {name for name, source in sources.items() if not source.shipped} == NOT_SHIPPED
    assert all(source.title and source.licence and source.notes for source in sources.values())
    assert {name for name, source in sources.items() if not source.url.startswith("https://github.com/")} == own


def test_the_chat_rows_are_whole_and_never_test_rows() -> None:
    files = sorted((ROOT / "data" / "chat").rglob("*.jsonl"))
    rejects = RejectLog()
    records = [record for file in files for record in read_records(file, rejects=rejects)]
    assert rejects.count == 0
    assert len({record.id for record in records}) == len(records) > 900
    assert len({(record.prompt, record.response) for record in records}) == len(records)
    assert {(record.source, record.split) for record in records} == {
        ("guardrank-chat", "train"),
        ("guardrank-chat", "dev"),
    }
    splits = defaultdict(set)
    for record in records:
        splits[record.prompt].add(record.split)
    assert max(map(len, splits.values())) == 1
    assert Counter(record.human for record in records).keys() == {0, 1, 2, 3}
    for file in files:
        dimension, lang, _ = file.name.split(".")
        own = [record for record in records if record.id.startswith(f"chat-{dimension}-{lang}-")]
        assert {(record.dimension.value, record.lang) for record in own} == {(dimension, lang)}


def test_licences_that_forbid_use_are_never_shipped() -> None:
    for source in load_sources().values():
        assert not (source.shipped and ("NC" in source.licence or "research only" in source.licence))


@pytest.mark.parametrize("name", ROWS)
def test_a_real_file_arrives_whole(shared_data: Path, name: str) -> None:
    path = shared_data / f"{name}.jsonl.gz"
    rejects = RejectLog()
    records = list(read_records(path, rejects=rejects))
    with gzip.open(path) as stream:
        assert len(records) == sum(1 for line in stream if line.strip()) == ROWS[name]
    assert rejects.count == 0
    assert {record.source for record in records} == {name}
    assert all(record.human is not None for record in records)
    assert sum(bool(record.reference) for record in records) == WITH_REFERENCE.get(name, 0)
    if name in LABELS:
        assert Counter(record.human for record in records) == LABELS[name]


def test_no_cluster_of_a_real_file_is_split(shared_data: Path) -> None:
    for name in ("msts_en_multimodal", "cold_test_zh", "xstest"):
        splits: dict[str, set[str | None]] = {}
        for record in read_records(shared_data / f"{name}.jsonl.gz"):
            splits.setdefault(cluster_of(record), set()).add(record.split)
        assert max(map(len, splits.values())) == 1


@pytest.mark.parametrize(
    ("fields", "cluster"),
    [
        ({"prompt": "Who?"}, "Who?"),
        ({"prompt": ""}, "No."),
        ({"prompt": "Who?", "source": "unheard-of"}, "Who?"),
        ({"prompt": "Who?", "source": "xstest"}, "Who?"),
        ({"prompt": "Who?", "from_source": "msts_en_multimodal", "meta": {"image_id": "image-7"}}, "image-7"),
        ({"prompt": "Who?", "source": "msts_en_textonly", "meta": {"image_id": "i7"}}, "i7"),
        ({"prompt": "Who?", "source": "msts_en_textonly"}, "Who?"),
        ({"prompt": "", "source": "cold_test_zh"}, "No."),
    ],
)
def test_cluster_of(fields: dict[str, object], cluster: str) -> None:
    record = Record.model_validate({"response": "No.", "dimension": "bias"} | fields)
    assert cluster_of(record) == cluster
