"""Object stores: ``s3://bucket/responses.jsonl``, ``gs://bucket/folder/``, read by the readers of plain files.

    URI ──pyarrow's file systems──> objects, by name ──each copied to this machine──> reader of its kind ──> rows

A copy keeps an object's name, so its rows have the ids that they would have in a file. Keys and endpoints are found
where the store's own tools look for them: the environment, its configuration files, the URI's query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from guardrank.errors import GuardRankError, MissingExtraError, UsageError

_BLOCK = 1 << 20


@dataclass(frozen=True)
class StoredObject:
    """An object in a store; ``name`` is the last part of its path."""

    system: Any
    path: str

    @property
    def name(self) -> str:
        """Its name, as a file would have it."""
        return PurePosixPath(self.path).name

    def blocks(self) -> Iterator[bytes]:
        """Its bytes; raises GuardRankError where the store does not give them."""
        try:
            with self.system.open_input_stream(self.path, compression=None) as stream:
                while block := stream.read(_BLOCK):
                    yield block
        except OSError as error:
            raise _unreachable(self.path, error) from None

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """A copy of it on this machine, gone after the block."""
        with TemporaryDirectory(prefix="guardrank-") as folder:
            copy = Path(folder) / self.name
            with copy.open("wb") as stream:
                stream.writelines(self.blocks())
            yield copy


def is_uri(source: str) -> bool:
    """Whether ``source`` names objects of a store rather than a file or a hub id."""
    return "://" in source


def without_keys(uri: str) -> str:
    """``uri`` as it may be shown and made into file names: what stands before ``@`` or behind ``?`` may be keys."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def find_objects(uri: str, is_wanted: Callable[[str], bool]) -> list[StoredObject]:
    """The object that ``uri`` names, or those below it whose name ``is_wanted``, by path.

    Raises:
        UsageError: there is nothing, or the store is of no known kind.
        GuardRankError: the store cannot be reached, or refuses.
        MissingExtraError: pyarrow is not installed.
    """
    system, path = _open_store(uri)
    try:
        found = [path] if (is_file := _is_file(system, path)) else _files_below(system, path)
    except OSError as error:
        raise _unreachable(without_keys(uri), error) from None
    if not (wanted := [StoredObject(system, path) for path in found if is_file or is_wanted(path)]):
        raise UsageError(f"{without_keys(uri)}: there is nothing to read: check the name")
    return wanted


def _open_store(uri: str) -> tuple[Any, str]:
    try:
        from pyarrow import ArrowInvalid, ArrowNotImplementedError
        from pyarrow.fs import FileSystem
    except ImportError:
        raise MissingExtraError("reading from object stores", "scale") from None
    try:
        system, path = FileSystem.from_uri(uri)
    except (ArrowInvalid, ArrowNotImplementedError) as error:
        raise UsageError(f"{without_keys(uri)}: {_reason(error).replace(uri, without_keys(uri))}") from None
    except OSError as error:
        raise _unreachable(without_keys(uri), error) from None
    return system, path


def _is_file(system: Any, path: str) -> bool:
    return bool(system.get_file_info(path).is_file)


def _files_below(system: Any, path: str) -> list[str]:
    from pyarrow.fs import FileSelector

    below = system.get_file_info(FileSelector(path, recursive=True, allow_not_found=True))
    return sorted(one.path for one in below if one.is_file)


def _unreachable(uri: str, error: Exception) -> GuardRankError:
    return GuardRankError(f"{uri} cannot be read ({_reason(error)}): check its name, the network and your keys")


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
