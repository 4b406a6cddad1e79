"""Fonts: the first one that has every character of a text, or none.

    GUARDRANK_FONT's, Pillow's, the system's ──the first that draws each character otherwise than _ABSENT──> font
                                             ──there is none──> CannotAttackError: no_font

For a character that it lacks, a font draws a box or nothing. So each character is drawn once, small, and its
picture compared with that of a character that no font has.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont, features

from guardrank.benchmark.redteam.base import CannotAttackError
from guardrank.errors import UsageError

FONT_VARIABLE = "GUARDRANK_FONT"
"""The environment variable that names a font file to try first."""
FONT_FOLDERS = ("/usr/share/fonts", "~/.fonts", "C:/Windows/Fonts", "/System/Library/Fonts")

NO_FONT = "no_font"
"""No font here has all characters of the prompt, or this Pillow cannot lay out its script."""

_ABSENT = "\U0010ffff"  # a noncharacter: what a font draws for it, it draws for all that it lacks
_PROBE_SIZE = 24
_FONT_SUFFIXES = {".ttf", ".otf", ".ttc", ".otc"}
_STYLED = re.compile(r"bold|italic|oblique|light|thin|black|condensed|mono|serif|math|emoji|symbol")
_PLACEHOLDERS = "lastresort"  # macOS's: it has a box for everything


def find_font(text: str, size: int) -> ImageFont.FreeTypeFont:
    """A font that has every character of ``text``: GUARDRANK_FONT, else Pillow's own, else one of the system.

    Args:
        size: the letters' height in pixels, above 0.

    Raises:
        CannotAttackError: there is none, or the script runs from right to left or joins its letters and this
            Pillow was built without raqm.
        UsageError: GUARDRANK_FONT names no font file.
    """
    shaped = needs_shaping(text)
    if shaped and not features.check("raqm"):
        raise CannotAttackError(NO_FONT)
    rarest_first = sorted({char for char in text if not char.isspace()}, reverse=True)
    for file in _candidates():
        if all(_draws(file, char) for char in rarest_first):
            return _open(file, size, ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC)
    raise CannotAttackError(NO_FONT)


def needs_shaping(text: str) -> bool:
    """Whether letters run from right to left, bear marks or join: drawn one by one they would come out wrong."""
    return any(
        unicodedata.bidirectional(char) in ("R", "AL", "AN") or unicodedata.category(char) in ("Mn", "Mc", "Cf")
        for char in text
    )


@cache
def system_fonts() -> tuple[str, ...]:
    """The font files of this machine, plain sans-serif ones first; fc-list knows them, else folders are walked."""
    files = {file for file in _listed() or _walked() if Path(file).suffix.lower() in _FONT_SUFFIXES}
    return tuple(sorted((file for file in files if _PLACEHOLDERS not in _stem(file)), key=_plain_first))


def _candidates() -> Iterator[str | None]:
    """Font files in the order in which they are tried; None is Pillow's own font."""
    if named := os.environ.get(FONT_VARIABLE):
        try:
            _open(named, _PROBE_SIZE)
        except OSError:
            raise UsageError(f"{FONT_VARIABLE}={named} is no font file that can be read") from None
        yield named
    yield None
    yield from system_fonts()


def _listed() -> list[str]:
    fc_list = shutil.which("fc-list")
    if not fc_list:
        return []
    try:
        done = subprocess.run([fc_list, "--format", "%{file}\n"], capture_output=True, timeout=30, check=True)  # noqa: S603 (no input of anybody's)
    except (OSError, subprocess.SubprocessError):
        return []
    return os.fsdecode(done.stdout).splitlines()


def _walked() -> list[str]:
    folders = (Path(folder).expanduser() for folder in FONT_FOLDERS)
    return [str(file) for folder in folders if folder.is_dir() for file in folder.rglob("*")]


def _plain_first(file: str) -> tuple[bool, bool, str, str]:
    stem = _stem(file)
    return _STYLED.search(stem.replace("sansserif", "sans")) is not None, "sans" not in stem, stem, file


def _stem(file: str) -> str:
    return Path(file).stem.lower()


@lru_cache(maxsize=1 << 17)
def _draws(file: str | None, char: str) -> bool:
    """Whether the font has ``char``: it draws it otherwise than what it surely lacks."""
    try:
        return _mask(file, char) != _mask(file, _ABSENT)
    except (OSError, ValueError):  # a font of bitmaps only, a damaged one; half of a surrogate pair
        return False


@lru_cache(maxsize=1024)
def _mask(file: str | None, char: str) -> tuple[tuple[int, int], bytes]:
    mask = _probe(file).getmask(char)
    return mask.size, bytes(mask)


@lru_cache(maxsize=16)  # each may hold its file open
def _probe(file: str | None) -> ImageFont.FreeTypeFont:
    return _open(file, _PROBE_SIZE)


def _open(file: str | None, size: int, layout: ImageFont.Layout = ImageFont.Layout.BASIC) -> ImageFont.FreeTypeFont:
    """The font; in basic layout each character is looked up by itself. Raises OSError for what is no font."""
    if file is not None:
        return ImageFont.truetype(file, size, layout_engine=layout)
    own = ImageFont.load_default(size)
    if not isinstance(own, ImageFont.FreeTypeFont):
        raise OSError("this Pillow has no scalable font")
    return own
