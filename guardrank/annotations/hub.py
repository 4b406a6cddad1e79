"""Data sets from the Hugging Face hub, streamed; code that a data set brings is never run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from guardrank.annotations.parquet import plain
from guardrank.errors import GuardRankError, MissingExtraError, UsageError
from guardrank.records import RawRow


def read_hub(name: str, form: Callable[[Any], Any] = plain) -> Iterator[RawRow]:
    """Rows of ``owner/name[@split]``: of the split, else of ``train``, else of the first there is.

    ``form`` makes fields of a row whose images are not decoded. ``file`` is ``owner/name@split``, and ``line``
    counts the rows from 1.

    Raises:
        GuardRankError: the hub cannot be reached, or the data set does not exist, is private or is broken.
        UsageError: there is no such split.
        MissingExtraError: datasets is not installed.
    """
    repo, _, wanted = name.partition("@")
    splits = _load(repo)
    split = wanted or ("train" if "train" in splits else next(iter(splits)))
    if split not in splits:
        raise UsageError(f"{repo} has no split {split!r}, only {', '.join(splits)}")
    try:
        for line, row in enumerate(_undecoded(splits[split]), 1):
            yield RawRow(f"{repo}@{split}", line, form(row))
    except Exception as error:  # whatever the network stack raises
        raise _unreadable(repo, error) from error


def _load(repo: str) -> Any:
    try:
        import datasets
    except ImportError:
        raise MissingExtraError("reading data sets from the hub", "data") from None
    try:
        return datasets.load_dataset(repo, streaming=True)
    except Exception as error:  # whatever the network stack raises
        raise _unreadable(repo, error) from error


def _undecoded(rows: Any) -> Any:
    """Leaves images and sounds as paths: decoding them needs more packages, and a judge reads text."""
    return rows if rows.features is None else rows.decode(False)


def _unreadable(repo: str, error: Exception) -> GuardRankError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return GuardRankError(
        f"cannot read {repo} from the Hugging Face hub ({reason}): check the name and the network, "
        "or download the data set and give its files"
    )
