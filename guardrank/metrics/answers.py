"""Which option a free answer picks: ``A``, ``B``, ``none`` (no option) or ``unreadable``.

    text -> every naming of an option becomes a symbol -> those that pick nothing go ("not A", "A or B")
         -> the first marker that fits: a conclusion, a choice, a leading letter, a guess, a lone mention

The patterns stand in ``answer_mentions`` and ``answer_grammar``. The rules:

- An answer that settles on one letter reads as that letter, however hesitant; a stated conclusion outranks
  a choice, a choice outranks a letter put in front, and that outranks a letter merely mentioned.
- After a correction ("wait", "actually", "不对") only what follows counts, if it names an option.
- A refusal ("I cannot tell") outranks a mere mention only.
- "A or B", "both", "neither" commit to nothing: ``none``. Both letters without settling: ``unreadable``.
- A letter that is only rejected ("not A") does not name the other one.
- Where no letter is left, the options' own texts count as mentions of their letters.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping, Sequence

from guardrank.metrics import answer_grammar as grammar
from guardrank.metrics.answer_mentions import MENTION, letter_of, mark_letters, mark_texts

NONE, UNREADABLE = "none", "unreadable"

READ_CHARS = 4000
"""Only this many characters at either end of an answer are read: that is where answers stand."""

_ALNUM = string.ascii_letters + string.digits
_CLEANING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile("[\ue000-\uf8ff\u200b-\u200f\ufeff]"), ""),  # private use (our symbols), zero width
    (re.compile(r"\\boxed\s?\{"), " answer: {"),
    (re.compile(r"\\(?:text|mathrm|mathbf)\s?\{([^{}]{0,40})\}"), r"\1"),
    (re.compile(r"<([a-z]{1,10})>([^<>]{0,200})</\1>"), r"\2"),
    (re.compile(r"[*_`\"“”$#\\]"), ""),
    (re.compile("[‘’]"), "'"),
    (re.compile(r"[^\S\n]+"), " "),
    (re.compile(r"\s*\n\s*"), "\n"),
)


def read_answer(text: str, letters: Sequence[str] = ("A", "B"), options: Mapping[str, str] | None = None) -> str:
    """The option that ``text``, an answer in English or Chinese, settles on.

    Args:
        text: what the model answered; of a long text only the two ends are read.
        letters: the option letters, upper case.
        options: the options' texts by letter: a text that is named alone reads as its letter.

    Returns:
        One of ``letters``; ``"none"`` where no option is given (a refusal, "can't tell", both, neither);
        ``"unreadable"`` where neither an option nor a refusal can be found, or where several letters are
        named without settling on one.
    """
    cleaned = _clean(text)
    bare = cleaned.strip(string.punctuation + string.whitespace + "。、").upper()
    if bare in letters:
        return bare
    marked = _settle(mark_letters(cleaned, letters))
    if options and not MENTION.search(marked):
        marked = _settle(mark_texts(marked, letters, options))
    found = _settled_on(marked)
    if len(found) == 1:
        return letter_of(letters, found.pop())
    return NONE if _commits_to_nothing(marked, bool(found)) else UNREADABLE


def _clean(text: str) -> str:
    """The two ends of ``text`` without reasoning, markup, full-width forms and doubled blanks."""
    text = text.rpartition("</think>")[2].strip()
    if len(text) > 2 * READ_CHARS:
        # half a word at a cut must not look like a letter standing alone
        text = text[:READ_CHARS].rstrip(_ALNUM) + "\n" + text[-READ_CHARS:].lstrip(_ALNUM)
    text = unicodedata.normalize("NFKC", text)
    for pattern, replacement in _CLEANING:
        text = pattern.sub(replacement, text)
    return text.strip()


def _settle(marked: str) -> str:
    """``marked`` without the namings that pick nothing: rejected, joint, asked about, listed, corrected."""
    text = grammar.WRONG.sub(" ", marked)
    text = grammar.ONE_BREATH.sub(grammar.JOINT, text)
    text = grammar.REJECTED.sub(" ", text)
    text = grammar.UNASSERTED.sub(grammar.JOINT, text)
    if len(set(grammar.LABEL.findall(text))) > 1:
        text = grammar.LABEL.sub("", text)
    for correction in reversed(list(grammar.CORRECTION.finditer(text))):
        if MENTION.search(text, correction.end()):
            return text[correction.end() :]
    return text


def _settled_on(marked: str) -> set[str]:
    """The symbols of the strongest marker that finds any; several if the text contradicts itself."""
    for marker in grammar.MARKERS.values():
        if found := {MENTION.findall(match[0])[-1] for match in marker.finditer(marked)}:
            return found
    mentioned = set(MENTION.findall(marked))
    return set() if grammar.REFUSAL.search(marked) else mentioned


def _commits_to_nothing(marked: str, contradictory: bool) -> bool:
    if grammar.REFUSAL.search(marked) or grammar.UNCOMMITTED.search(marked):
        return True
    if contradictory:
        return bool(grammar.MARKERS["guess"].search(marked) or grammar.CONDITIONAL.search(marked))
    return bool(grammar.APOLOGY.search(marked))
