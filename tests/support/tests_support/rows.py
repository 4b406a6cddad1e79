"""Rows whose labels follow from a word, so that even a tiny model learns them."""

import json
from pathlib import Path

_GOOD = ["That is not in the picture", "I do not know", "The red kettle is on the stove", "这张图里没有猫"]
_BAD = ["There are seven purple dragons", "Dragons built it in 1802", "紫色的龙在跳舞", "A purple dragon said so"]


def annotated_rows(dimension: str, count: int, top: int = 1) -> list[dict]:
    """``count`` rows, labels 0 and ``top`` in turn, two rows a prompt."""
    rows = []
    for i in range(count):
        texts = _BAD if i % 2 else _GOOD
        rows.append(
            {
                "id": f"row-{i}",
                "prompt": f"Question number {i // 2}: what is in the picture?",
                "response": f"{texts[i // 2 % len(texts)]} ({i}).",
                "dimension": dimension,
                "lang": "en",
                "model": f"model-{i % 3}",
                "human": top if i % 2 else 0,
            }
        )
    return rows


def write_jsonl(path: Path, rows: list[dict]) -> Path:
    """``rows`` as JSON Lines in ``path``."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def read_jsonl(path: Path) -> list[dict]:
    """The objects in ``path``."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
