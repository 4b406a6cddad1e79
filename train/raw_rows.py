"""A raw row of a public data set as a row of ours, by what ``download:`` in data/sources.yaml says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from guardrank.annotations import Source
from guardrank.annotations.downloads import DimensionByField, DimensionByWord, Download, Join
from guardrank.annotations.mapping import nest
from guardrank.annotations.parsing import RejectedRowError, RowParser
from guardrank.dimensions import Dimension
from guardrank.records import RawRow, look_up
from guardrank.train.raw_layouts import Raw, read_raw, unnest

REFERENCE = "meta.reference"
TEST_BELOW, DEV_BELOW, FOLDS = 20, 30, 5
"""Of 100 hash values the first 20 are test, the next 10 dev: the split behind the project's own figures."""


def hash_number(text: str) -> int:
    """SHA-256 of ``text`` in lower case and with single spaces, as a number."""
    normal = " ".join(text.lower().split())
    return int(hashlib.sha256(normal.encode("utf-8", "replace")).hexdigest(), 16)


def split_of(key: str) -> str:
    """``train``, ``dev`` or ``test`` by what the row shares with its kin (the prompt, mostly)."""
    place = hash_number(key) % 100
    return "test" if place < TEST_BELOW else "dev" if place < DEV_BELOW else "train"


def raw_rows(download: Download, files: list[Path], join_file: Path | None) -> Iterator[RawRow]:
    """Every raw row of ``files``: unnested, with ``$file`` and ``$folder`` and the columns of the second file."""
    if download.format is None:
        return
    join = download.join
    more = _by_key(join, join_file) if join and join_file else {}
    for path in files:
        place = {"$file": path.stem, "$folder": path.parent.name}
        for item in read_raw(path, download.format):
            for row in unnest(item, download.layout):
                if row.fields is None:
                    yield row
                    continue
                joined = more.get(str(row.fields.get(join.column)), {}) if join else {}
                yield RawRow(row.file, row.line, {**joined, **row.fields, **place})


def _by_key(join: Join, path: Path) -> dict[str, Raw]:
    rows = (row.fields for row in read_raw(path, join.format) if row.fields is not None)
    return {str(fields.get(join.key)): fields for fields in rows}


class RowMaker:
    """Makes the rows of one source; ``make`` raises RejectedRowError with the reason where it cannot."""

    def __init__(self, name: str, source: Source, download: Download) -> None:
        self.name, self.source, self.download = name, source, download
        self._parser = RowParser()
        self._seen: set[tuple[str, str, int]] = set()

    def make(self, raw: RawRow, number: int) -> dict[str, Any] | None:
        """Our row for the ``number``-th raw row, from 0; None for a repeat."""
        if raw.fields is None:
            raise RejectedRowError(raw.problem or "empty row")
        row = self._columns(raw.fields)
        label = self._label(raw.fields.get(self.download.label))
        kin = look_up(row, self.source.group)
        if self.source.group.startswith("meta.") and not kin:
            raise RejectedRowError(f"no {self.source.group}")
        key = str(kin or row["prompt"] or row["response"])
        row |= {"id": f"{self.name}-{number:06d}", "dimension": self._dimension(row), "split": split_of(key)}
        row["fold"] = hash_number(f"fold{key.strip()}") % FOLDS
        self._put_label(row, label)
        self._parser.parse(RawRow(raw.file, raw.line, row))
        return None if self._is_repeat(row, label) else row

    def _columns(self, raw: Raw) -> dict[str, Any]:
        """Our fields from their columns, in the order of the project's files, still without label and split."""
        taken = {ours: self._cell(ours, raw.get(theirs)) for ours, theirs in self.download.fields.items()}
        if not str(taken["response"]).strip():
            raise RejectedRowError("no response")
        empty = {"id": "", "source": self.name, "dimension": None, "lang": None, "model": None, "prompt": ""}
        rest: dict[str, Any] = {"response": "", "human": None, "judges": {}, "meta": {}}
        row = empty | rest | nest({**self.download.fixed, **taken})
        if self.download.chinese_above is not None:
            row["lang"] = "zh" if _chinese_share(row["response"]) > self.download.chinese_above else "en"
        return row

    def _cell(self, ours: str, value: Any) -> Any:
        """Their value as ours: texts where we hold texts, cut and recoded."""
        if ours in ("prompt", "response"):
            text = "" if value is None else str(value)
            return text.strip() if self.download.strip else text
        if ours == REFERENCE and isinstance(value, list):
            return " | ".join(map(str, value))
        if isinstance(value, str):
            value = value.partition(self.download.before[ours])[0] if ours in self.download.before else value
            return self.download.recode.get(ours, {}).get(value, value)
        return value

    def _label(self, value: Any) -> int:
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value).strip()
        if not text:
            raise RejectedRowError("no label")
        if text not in self.download.labels:
            raise RejectedRowError(f"unknown label: {text[:40]!r}")
        return self.download.labels[text]

    def _put_label(self, row: dict[str, Any], label: int) -> None:
        """Where the source's rule looks for it: ``human``, or ``judges.NAME`` where no person gave it."""
        if self.source.label.field == "human":
            row["human"] = label
        else:
            place, _, name = self.source.label.field.partition(".")
            row[place][name] = label

    def _dimension(self, row: Mapping[str, Any]) -> str:
        rule = self.download.dimension
        if isinstance(rule, DimensionByField):
            names = [str(look_up(row, field) or "").strip() for field in rule.by]
            found = next((rule.values[name] for name in names if name in rule.values), None)
            if found is None:
                raise RejectedRowError(f"unknown category: {' / '.join(names)[:60]!r}")
            return found.value
        if isinstance(rule, DimensionByWord):
            return _by_word(rule, row["prompt"].lower()).value
        if rule is None:
            raise RejectedRowError("no dimension")
        return rule.value

    def _is_repeat(self, row: Mapping[str, Any], label: int) -> bool:
        key = (row["prompt"], row["response"], label)
        repeat = key in self._seen and not self.download.keep_repeats
        self._seen.add(key)
        return repeat


def _by_word(rule: DimensionByWord, text: str) -> Dimension:
    return next((dim for dim, words in rule.words.items() if any(w in text for w in words)), rule.otherwise)


def _chinese_share(text: str) -> float:
    characters = "".join(text.split())
    return sum("\u4e00" <= character <= "\u9fff" for character in characters) / max(1, len(characters))
