"""Finds where an answer names an option, and turns each naming into one private symbol.

    "(b)", "option B", "B选项", "**B**", and with options={"B": "dog"} also "a dog"  ->  the symbol of B

The grammar (``answer_grammar``) then need not care how an option was named. The capital A is the hard one:
"A dog is in the picture" names none, "A is right" does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_FIRST_SYMBOL = 0xE000
SYMBOL = "[\ue000-\ue019]"
MENTION = re.compile(SYMBOL)


def one_of(layout: str) -> str:
    """The group ``(?:a|b|c)`` from alternatives that may be laid out over several lines."""
    return "(?:" + re.sub(r"\s*\|\s*", "|", layout.strip()) + ")"


def symbol(letters: Sequence[str], letter: str) -> str:
    """The symbol that stands for ``letter``."""
    return chr(_FIRST_SYMBOL + list(letters).index(letter))


def letter_of(letters: Sequence[str], mark: str) -> str:
    """The letter that the symbol ``mark`` stands for."""
    return letters[ord(mark) - _FIRST_SYMBOL]


# after a blank, these words tell the option A from the article
_AFTER_THE_LETTER = one_of(r"""
    is | was | are | isn't | wasn't | seems | appears | looks | should | would | could | can | cannot |
    can't | might | may | must | will | has | have | shows | depicts | displays | features | represents |
    matches | fits | does | doesn't | did | because | since | as | for | due | so | and | or | nor | but |
    not | rather | over | than | instead | with | based | given | although | though | while | if | when |
    where | which | who | that | this | these | those | the | there | it | its | it's | i | i'd | i'm |
    we | you | my | in | on | at | from | to | by | better | clearly | definitely | probably | likely |
    option | choice | then | wait | actually | vs | versus
""")
_ARTICLE = (
    rf"(?=A [A-Za-z0-9])(?!A (?i:{_AFTER_THE_LETTER})\b)"
    r"(?!A [A-Z][\w-]{0,20}(?: [\w-]{1,20})?[.!]?$)"  # a line "A Siamese Cat" repeats the option
)
_ANNOUNCEMENT = one_of(
    r"\banswer | \bchoose | \bpick | \bselect | \bgo with | \bis | \bit's | 答案 | 选择? | 是 | 为"
)
_NOUN = r"(?:\b(?:brand|image|picture|photo|product)|品牌|图片?)"
_NAMES_OF_OTHER_THINGS = re.compile(r"\b(vitamin|hepatitis|grade|plan|type|class|appendix)\s[A-Z]\b", re.IGNORECASE)


@lru_cache(maxsize=32)
def _letter_patterns(letters: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Ways to name an option by its letter, tried in order; group ``keep`` stays in front of the symbol."""
    upper = "".join(map(re.escape, letters))
    lower, any_case = upper.lower(), upper + upper.lower()
    end = r"(?![A-Za-z0-9'&+#_])"
    patterns = (
        # "option b", "选项(A)"
        rf"(?P<keep>)(?i:\boption|\bchoice|选项)\s?:?\s?[(\[']?(?P<letter>[{any_case}])[)\]']?{end}",
        # "brand B", "图A": such nouns stand before the article too, so capitals only
        rf"(?P<keep>)(?i:{_NOUN})\s?[(\[']?(?P<letter>[{upper}])[)\]']?{end}",
        # "(b)", "[A]", "'B'"
        rf"(?P<keep>)[(\[{{<【「『']\s?(?P<letter>[{any_case}])\s?[)\]}}>】」』']",
        # "A选项", "the B option"
        rf"(?P<keep>)(?<![A-Za-z0-9])(?P<letter>[{any_case}])\s?(?:选项|项)",
        rf"(?P<keep>)(?<![A-Za-z0-9])(?P<letter>[{upper}])\s(?:option|choice)\b",
        # lower case at the start of a line: "b. dog", "a) cat"
        rf"^(?P<keep>\s?)(?P<letter>[{lower}])(?=\s?[.):](?:\s|$|[^\x00-\x7f]))",
        # lower case where an answer is announced and ends: "the answer is b."
        rf"(?P<keep>(?i:{_ANNOUNCEMENT})\s?(?:is|:|是)?\s?)"
        rf"(?P<letter>[{lower}])(?=\s?(?:[.,;!?。、)\n]|$|[^\x00-\x7f]))",
        # a capital standing alone, and not as in "A+", "R&B", "U.S.A.", "N/A"
        rf"(?P<keep>)(?<![A-Za-z0-9'&+#_-])(?<![A-Z]\.)(?<![Nn]/)(?!{_ARTICLE})(?P<letter>[{upper}])"
        r"(?![A-Za-z0-9&+#_]|'(?!s\b)|-\w|\.[A-Z]\b)",
    )
    return tuple(re.compile(pattern, re.MULTILINE) for pattern in patterns)


def mark_letters(text: str, letters: Sequence[str]) -> str:
    """``text`` with every option named by its letter turned into that option's symbol."""

    def mark(found: re.Match[str]) -> str:
        return found["keep"] + symbol(letters, found["letter"].upper())

    text = _NAMES_OF_OTHER_THINGS.sub(r"\1", text)
    for pattern in _letter_patterns(tuple(letters)):
        text = pattern.sub(mark, text)
    return text


def mark_texts(text: str, letters: Sequence[str], options: Mapping[str, str]) -> str:
    """``text`` with every option named by its text (a whole word, plural or not) turned into its symbol."""
    given = {letter: options.get(letter, "").strip().lower() for letter in letters}
    by_text = {name: letter for letter, name in given.items() if name}
    if not by_text:
        return text

    def mark(found: re.Match[str]) -> str:
        return symbol(letters, by_text[found[0].lower()])

    longest_first = sorted(by_text, key=len, reverse=True)  # 斑马 before 马
    names = re.compile("|".join(_as_word(name) for name in longest_first), re.IGNORECASE)
    return _PLURAL_OR_ARTICLE.sub(r"\1", names.sub(mark, text))


_PLURAL_OR_ARTICLE = re.compile(rf"(?:\b(?:an?|the)\s)?({SYMBOL})(?:e?s(?![A-Za-z0-9]))?", re.IGNORECASE)


def _as_word(name: str) -> str:
    """A pattern for ``name``: in Latin script a word of its own, plural or not."""
    start = r"(?<![A-Za-z0-9])" if name[0].isascii() and name[0].isalnum() else ""
    end = r"(?=(?:e?s)?(?![A-Za-z0-9]))" if name[-1].isascii() and name[-1].isalnum() else ""
    return f"{start}{re.escape(name)}{end}"
