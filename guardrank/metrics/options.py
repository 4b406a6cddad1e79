"""The options of a multiple-choice prompt: ``... A. cat B. dog.`` -> ``{"A": "cat", "B": "dog"}``."""

from __future__ import annotations

import re
import unicodedata

_TAIL = 4000  # options stand at a prompt's end; a longer prompt is read from there only
_LONGEST_OPTION = 200

# "A.", "A、", "A:", "A)", "(A)", "[A]", not inside a word and not as initials ("A.M.")
_LABEL = re.compile(r"(?<![A-Za-z0-9.])[(\[]?([A-H])(?:[.)\]:、]|．)(?![A-Z]\.)\s*")
_END_OF_LAST = re.compile(r"[\n。;；!?？]|\.(?=\s|$)")
_EDGES = " \t\r\n.,;:。，；、()[]\"'"


def parse_options(prompt: str) -> dict[str, str] | None:
    """The options that ``prompt`` lists, by letter, or None where it lists fewer than two.

    Reads ``A. 猫 B. 狗。``, ``(A) cat (B) dog``, ``A: cat; B: dog`` and the like, on one line or several, in
    full-width letters too. Where letters are listed more than once, the last list counts; what follows the
    last option's sentence ("Answer with the letter.") is no part of it.
    """
    text = unicodedata.normalize("NFKC", prompt[-_TAIL:])
    labels = _last_list(list(_LABEL.finditer(text)))
    if len(labels) < 2:
        return None
    stops = [label.start() for label in labels[1:]] + [len(text)]
    texts = [text[label.end() : stop] for label, stop in zip(labels, stops, strict=True)]
    texts[-1] = _END_OF_LAST.split(texts[-1].strip(), maxsplit=1)[0]
    options = {label[1]: part.strip(_EDGES) for label, part in zip(labels, texts, strict=True)}
    usable = all(0 < len(part) <= _LONGEST_OPTION for part in options.values())
    return options if usable and len({part.casefold() for part in options.values()}) == len(options) else None


def _last_list(labels: list[re.Match[str]]) -> list[re.Match[str]]:
    """The last run of labels that counts A, B, C, ... without a gap."""
    run: list[re.Match[str]] = []
    for label in labels:
        if label[1] == "A":
            run = [label]
        elif run and ord(label[1]) == ord(run[-1][1]) + 1:
            run.append(label)
    return run
