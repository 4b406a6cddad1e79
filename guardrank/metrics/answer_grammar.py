"""The patterns that ``read_answer`` reads with, each named for the one thing it finds.

They work on text in which every naming of an option has become one symbol (``answer_mentions``), written
``T`` below. Every repetition is bounded, which keeps reading linear on hostile text.
"""

from __future__ import annotations

import re

from guardrank.metrics.answer_mentions import SYMBOL as T
from guardrank.metrics.answer_mentions import one_of

JOINT = "\ue0fe"
"""Stands for several options named in one breath ("A or B"): that commits to none of them."""

_T_OR_JOINT = f"(?:{T}|{JOINT})"
_MARKS = "\ue000-\ue0ff"  # inside a character class: any symbol


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# --- namings that pick nothing ----------------------------------------------------------------------------

_IS = one_of(r"is | was | would be | must be | should be | seems(?: to be)? | looks")
_FAULT = one_of(r"""
    not\b | wrong | incorrect | false | unlikely | ruled out | inaccurate | impossible | worse than |
    less \w{1,20} than
""")
_DENIAL = one_of(r"""
    isn't | wasn't | cannot be | can't be | does not | doesn't | wouldn't |
    can be (?:ruled out|excluded|eliminated)
""")
_ZH_FAULT = "(?:不是|不对|不正确|不符|不可能|不合适|不像|错|可以?排除|被排除|不如)"

WRONG = _any(  # "B is wrong", "B不对"
    rf"{T}(?:'s)?\s{_IS}\s(?:(?:clearly|definitely|obviously|probably|also|just)\s)?{_FAULT}",
    rf"{T}(?:'s)?\s(?:not|wrong|incorrect)\b",
    rf"{T}\s{_DENIAL}",
    rf"{T}\s?(?:明显|显然|肯定|应该)?是?{_ZH_FAULT}",
)

_NAMED = rf"{T}(?:\s?\([^()\n]{{1,40}}\)|[.:]\s?[^\s.,;:{_MARKS}]{{1,30}})?"  # "A", "A (cat)", "A. cat"
_SEVERAL = rf"(?:{_NAMED}\s?[,、]\s?){{0,6}}{_NAMED}\s?,?\s?"
_LINK = r"(?:(?:it's|it is|an?|the|maybe|perhaps|possibly|是)\s?){0,2}"

ONE_BREATH = _any(  # "A or B", "A和B"
    rf"{_SEVERAL}{one_of(r'or | nor | and/or | / | vs[.]? | versus | 还是 | 或者?是?')}\s?{_LINK}{_NAMED}",
    rf"{_SEVERAL}(?:and|&|和|与|跟|及|以及)\s?{_LINK}{T}"
    r"(?!\s(?:is|was|isn't|shows?|has|looks|seems|depicts|does)\b)",  # "A is right and B is wrong"
    rf"不是\s?{T}\s?,?\s?就是\s?{T}",
    rf"要么是?\s?{T}\s?,?\s?要么是?\s?{T}",
)

_NEGATION = one_of(r"""
    \bnot | n't | \bcannot | \bnever | \brather than | \binstead of | \bother than | \bthan | \bover |
    \bout | \bavoid | \bagainst | \banything but | \beliminat\w{1,4} | \bexclud\w{1,4} | \bunlike |
    \bcompared (?:with|to)
""")
_BETWEEN = one_of(r"""
    be | likely | actually | definitely | choose | pick | select | go with | think | believe | that |
    it's | it is | an? | the | answer | to | really | look like | seem to be | agree with | recommend
""")
_ZH_NEGATION = one_of("""
    不是 | 并非 | 而非 | 不会是 | 不可能是 | 不选择? | 不应该?[是选] | 不能选 | 排除了? | 不像是? |
    不觉得是 | 不认为是 | 比
""")

REJECTED = _any(  # "not B", "rather than B", "而不是B"
    rf"{_NEGATION}\s(?:{_BETWEEN}\s){{0,4}}{_T_OR_JOINT}",
    rf"{_ZH_NEGATION}\s?{_T_OR_JOINT}",
    rf"(?<={T}\s)>\s?{T}",
)

UNASSERTED = _any(  # "whether it is A", "是不是B"
    rf"\b(?:whether|if)\s(?!(?:i|we|you|forced|asked)\b)[^.,;!?\n{_MARKS}]{{0,40}}{_T_OR_JOINT}",
    rf"(?:是否|是不是)[^。,;!?\n{_MARKS}]{{0,12}}{_T_OR_JOINT}",
)

LABEL = re.compile(rf"({T})(?=\s?[.:)、]\s?\w)")
"""A letter in front of an option's text; labels of several options are the question repeated."""

CORRECTION = _any(
    r"\bwait\b|\bactually\b|\bscratch that\b|\bcorrection\b|\bsecond thoughts?\b|\bi meant?\b|\bno,",
    "更正|等等|等一下|不对|哦不|纠正|准确地说",
)

# --- namings that settle on an option ---------------------------------------------------------------------

_FILLER = one_of(r"""
    most | likely | probably | definitely | clearly | indeed | more | an? | the | to be | that | is | be |
    it's | it is | letter | with | for | towards? | 选择? | 是 | 为 | 应该 | 更 | 直接
""")
_FILL = rf"(?:{_FILLER}\s?){{0,4}}"
_DECISION = r"\b(?:answer|conclusion|choice|guess|pick|selection|option|brand|one)\b"
_PRAISE = (
    r"(?:(?:clear|obvious|only|preferred|ideal|superior|most|more)\s)?"
    r"(?:correct|right|answer|best|better|choice|pick|suitable|plausible|likely)\b"
)
_ZH_PRAISE = "(?:正确|对的|答案|更好|更合适|更适合|最合适|最好)"
_SO = r"(?:\b(?:therefore|thus|hence|so|in conclusion|overall)|因此|所以|综上所述?|总之)"
_CHOICE = one_of(r"""
    choos(?:e|ing) | chose | pick(?:ed|ing)? | select(?:ed|ing)? | go(?:ing)? | went | opt(?:ing)? | say |
    vote | guess | prefer | recommend | suggest | lean(?:ing)? | looks?(?: more)? like |
    seems?(?: more)? like | appears? | resembles | must be | should be | would be | it's | it is |
    this is | that's | that is | they are | these are | i think | i believe | i'd
""")
_ZH_CHOICE = one_of("选择? | 挑 | 倾向于? | 偏向于? | 像是? | 属于 | 觉得 | 认为 | 推荐 | 建议 | 应该 | 是 | 为")
_POSSIBLY = r"(?:\b(?:could|may|might|maybe|perhaps|possibly|probably|likely)\b|可能|也许|或许|大概|好像|似乎)"

MARKERS: dict[str, re.Pattern[str]] = {
    "conclusion": _any(
        rf"{_DECISION}[^.\n!?;{_MARKS}]{{0,60}}?(?:\b(?:is|be)\b|[:=])\s?:?\s?{_FILL}{T}",
        rf"\banswer\s{T}",
        rf"(?:答案|结论)[^。\n,;{_MARKS}]{{0,12}}?[是为选:=]?\s?{T}",
        rf"{T}(?:'s|\s{_IS})\s(?:(?:the|my|an?)\s)?{_PRAISE}",
        rf"{T}\s?(?:选项|品牌|项|更|才|就)?[是为]?{_ZH_PRAISE}",
        rf"{_SO}[,:]?\s?(?:i (?:would |will )?(?:choose|pick|select|say|go)\s)?{_FILL}{T}",
    ),
    "choice": _any(rf"\b{_CHOICE}\s?[:,]?\s?{_FILL}{T}", rf"{_ZH_CHOICE}\s?:?\s?{_FILL}{T}"),
    "leading": _any(
        # in front of everything, or alone in a sentence
        rf"\A[^\w{_MARKS}]{{0,6}}{T}(?=\s?(?:,(?!\s?{T})|[.;:!?。、)—–\-\n]|$|\bbecause\b|\bsince\b))",
        rf"(?:^|[\n.!?。;:]\s?|(?<!{T}),\s?|\bbut\s){T}(?=\s?(?:[.!?。;\n]|$))",
    ),
    "guess": _any(
        rf"{_POSSIBLY}\s?(?:(?:also|be|well|very|it's|it is|an?|the|是)\s?){{0,3}}{T}",
        rf"{T}\s(?:may|might|could) be\s(?:(?:the|an?)\s)?(?:good\b|{_PRAISE})",
    ),
}
"""How an answer settles on an option, the strongest way first; each match holds one symbol."""

# --- no option at all -------------------------------------------------------------------------------------

_INABILITY = one_of(r"""
    cannot | can't | can not | could not | couldn't | unable to | not able to | won't | impossible to |
    not possible to | (?:difficult|hard|tough) to | no way to
""")
_JUDGING = one_of(r"""
    tell | determin | say | see | identif | answer | distinguish | discern | view | access | confirm |
    assist | help | provide | decide | judge | process | choose | make | give | recogni | know | infer |
    select | pick | compare | recommend | be (?:determined|answered|identified|sure|certain)
""")
_ZH_REFUSAL = one_of("""
    无法 | 难以 | 不能(?:确定|判断|回答|识别|提供|看出|分辨|告诉) | 不太?(?:确定|知道|清楚) |
    看不[清出到] | 没有(?:足够|(?:正确)?答案|看到|提供) | 无答案 | 未知 | 拒绝 | 不好说 | 说不准 | 不便 |
    不予 | 没法 | 很难
""")

REFUSAL = _any(  # outranks an option that is merely mentioned
    rf"\b{_INABILITY}\s(?:\w{{1,20}}\s){{0,3}}?{_JUDGING}",
    r"(?:\bnot|n't)\s(?:\w{1,20}\s){0,2}?"
    r"(?:sure|certain|know|clear|enough|possible|visible|access|an answer|have any)",
    r"\b(?:unsure|uncertain|unclear|no idea|no (?:\w{1,20} )?answer|insufficient|inconclusive|unknown)\b",
    r"\b(?:ambiguous|no preference|n/a)\b",
    _ZH_REFUSAL,
)

UNCOMMITTED = _any(  # names all, or none of them
    JOINT,
    r"\b(?:both|neither|either|none|equally|no option|a tie|depend(?:s|ing)? on)\b|取决于",
    "(?<![首成])都(?:不|可以|行|对|是|好|有|没|能|很)|两(?:者|个|张|种|款)|均|任意|不选|不回答",
)

CONDITIONAL = _any(r"\bif you\b|\botherwise\b|如果|若|否则")
"""Turns contradictory choices into none: "if you want speed, choose A; if you want comfort, choose B"."""

APOLOGY = _any(  # counts where nothing else is found
    r"\b(?:sorry|apologi[sz]e|as an ai)\b|\bplease (?:provide|upload|share|attach)|n't see (?:any|the|an)\b",
    "抱歉|对不起|作为一?个?(?:AI|人工智能)|请您?(?:提供|上传)",
)
