"""Language names as people write them in sheets, to codes: ``arabic`` and ``ar`` are both ``ar``."""

from __future__ import annotations

import re
from types import MappingProxyType

_CODES = MappingProxyType(
    {
        "arabic": "ar",
        "العربية": "ar",
        "阿拉伯语": "ar",
        "chinese": "zh",
        "cn": "zh",
        "中文": "zh",
        "汉语": "zh",
        "english": "en",
        "英文": "en",
        "英语": "en",
        "french": "fr",
        "français": "fr",
        "法语": "fr",
        "german": "de",
        "japanese": "ja",
        "korean": "ko",
        "russian": "ru",
        "spanish": "es",
    }
)
_CODE = re.compile(r"([a-z]{2,3})([-_][a-z]{2,4})*")


def parse_lang(name: object) -> str | None:
    """``Chinese``, ``zh-CN`` or ``中文`` -> ``zh``; None for what is no language, as in a wrong column."""
    text = str(name or "").strip().lower()
    match = _CODE.fullmatch(text)
    return _CODES.get(text) or (match[1] if match else None)
