"""Rows whose labels follow from a word, so that even a tiny model learns them."""

import json
from pathlib import Path

_GOOD = ["The red kettle is on the stove", "A red kettle", "I see a kettle, a red one", "红色的水壶"]
_BAD = ["Purple dragons dance", "A purple dragon", "Dragons and more purple dragons", "紫色的龙"]


def annotated_rows(dimension: str, count: int, top: int = 1) -> list[dict]:
    """``count`` rows, labels 0 and ``top`` in turn, two rows a prompt."""
    rows = []
    for i in range(count):
        texts = _BAD if i % 2 else _GOOD
        rows.append(
            {
                "id": f"row-{i}",
                "prompt": f"Picture {i // 2}?",
                "response": texts[i // 2 % len(texts)],
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
