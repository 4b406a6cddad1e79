"""English glosses of Chinese characters: what a character's row in an English model starts from.

    Unihan_Readings.txt ──the characters of GB 2312──> data/han_glosses.tsv   one a line: character, TAB, gloss

Glosses are Unihan's ``kDefinition`` (Unicode licence v3) without notes in brackets and references to other
characters. GB 2312's 6,763 characters are those of everyday simplified Chinese. The table is made by

    python -m guardrank.train.glosses Unihan_Readings.txt > data/han_glosses.tsv

from the file of Unicode 15.0 (in Debian: package unicode-data).
"""

from __future__ import annotations

import bz2
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

_SENSES = 4
"""Later senses of a character are seldom the common ones."""


@cache
def han_glosses() -> Mapping[str, str]:
    """Gloss by character, as committed."""
    text = (files("guardrank.data") / "han_glosses.tsv").read_text(encoding="utf-8")
    pairs = (line.partition("\t") for line in text.splitlines())
    return MappingProxyType({character: gloss for character, _, gloss in pairs})


def senses(gloss: str) -> list[str]:
    """The meanings that a gloss lists, the commonest first."""
    return [sense for sense in (part.strip() for part in re.split("[;,]", gloss)) if sense]


def read_unihan(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Character and cleaned gloss of each character of GB 2312 that has one, in code point order."""
    for line in lines:
        code, _, rest = line.rstrip("\n").partition("\t")
        field, _, definition = rest.partition("\t")
        if not code.startswith("U+") or field != "kDefinition":
            continue
        character = chr(int(code.removeprefix("U+"), 16))
        if _in_gb2312(character) and (gloss := _clean(definition)):
            yield character, gloss


def _in_gb2312(character: str) -> bool:
    try:
        return len(character.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def _clean(definition: str) -> str:
    """``to love (same as U+611B 愛); be fond of`` -> ``to love; be fond of``."""
    plain = re.sub(r"[^\x20-\x7e]+|U\+[0-9A-F]+", " ", re.sub(r"\([^)]*\)", " ", definition))
    parts = (" ".join(sense.split()) for sense in senses(plain))
    return "; ".join([part for part in parts if part][:_SENSES])


def main() -> None:
    """Print the table made from the file named on the command line."""
    path = Path(sys.argv[1])
    with bz2.open(path, "rt", encoding="utf-8") if path.suffix == ".bz2" else path.open(encoding="utf-8") as lines:
        sys.stdout.writelines(f"{character}\t{gloss}\n" for character, gloss in read_unihan(lines))


if __name__ == "__main__":
    main()
