"""Texts as vectors of hashed character n-grams: near-duplicates point the same way, in any language.

    text -> its 2- and 4-grams, counted -> hash -> (place, sign) * sqrt(count) -> summed -> length 1

The hashing trick with signs (Weinberger et al. 2009, "Feature hashing for large scale multitask learning",
ICML): the inner product of two vectors is that of their n-gram profiles, plus noise of about 1/sqrt(DIMS).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guardrank.records import Record

Floats = NDArray[np.float32]
_Hashes = NDArray[np.uint64]

DIMS = 256
MAX_CHARS = 2_000
"""As many characters of prompt and of response are looked at: enough to tell texts apart."""

_SIZES = (2, 4)
_PLACE_SHIFT, _SIGN_SHIFT = np.uint64(56), np.uint64(55)
_FNV_BASIS, _FNV_PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)
_MIX, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)


def record_vector(record: Record) -> Floats:
    """Prompt and response as one vector, shape (DIMS,), length 1 (or 0 for a text of one character)."""
    return text_vector(f"{record.prompt[:MAX_CHARS]}\n{record.response[:MAX_CHARS]}")


def text_vector(text: str) -> Floats:
    """``text`` as a vector of length 1; letter case and the amount of white space do not matter."""
    plain = " ".join(text.lower().split())
    codes = np.frombuffer(plain.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    hashes, counts = np.unique(np.concatenate([_hashes(codes, size) for size in _SIZES]), return_counts=True)
    signs = ((hashes >> _SIGN_SHIFT) & np.uint64(1)).astype(np.float64) * 2 - 1
    places = (hashes >> _PLACE_SHIFT).astype(np.intp)
    vector = np.bincount(places, weights=signs * np.sqrt(counts), minlength=DIMS)
    length = float(np.linalg.norm(vector))
    return (vector / length if length else vector).astype(np.float32)


def _hashes(codes: _Hashes, size: int) -> _Hashes:
    """A hash for each n-gram of ``size`` characters: FNV-1a over its code points, then mixed upwards."""
    count = max(len(codes) - size + 1, 0)
    hashes = np.full(count, _FNV_BASIS)
    for offset in range(size):
        hashes = (hashes ^ codes[offset : offset + count]) * _FNV_PRIME
    return (hashes ^ (hashes >> _HALF)) * _MIX
