"""``python -m guardrank.train.import_sources``: downloaded public data sets as files of annotation rows.

CLONES/REPOSITORY/files ──raw_layouts──> raw rows ──raw_rows──> ANNOTATIONS/NAME.jsonl.gz, NAME.rejects.jsonl
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from guardrank.annotations import Source, load_sources
from guardrank.annotations.downloads import Download
from guardrank.annotations.parsing import RejectedRowError
from guardrank.console import DebugOption, new_app, run, say, warn
from guardrank.errors import UsageError
from guardrank.records import RejectLog, dump_line
from guardrank.train.raw_rows import RowMaker, raw_rows

HELP = """Turn clones of public data sets (data/sources.yaml) into rows to train on.

\b
  git clone https://github.com/thu-coai/DiaSafety clones/DiaSafety
  python -m guardrank.train.import_sources clones -o annotations
  make mini ANNOTATIONS=annotations

Sources that are not in the folder are listed with the command that gets them.
"""

app = new_app(HELP)


@dataclass(frozen=True)
class Found:
    """The files of a source that are there, in the order of data/sources.yaml, and the patterns without any."""

    files: list[Path]
    join_file: Path | None
    absent: list[str]

    @property
    def usable(self) -> bool:
        """Whether there is something to import."""
        return bool(self.files) and not (self.join_file and not self.join_file.is_file())


@app.command(help=HELP)
def import_all(
    clones: Annotated[Path, typer.Argument(help="Folder with a clone in each subfolder, named as its repository.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files of rows.")],
    source: Annotated[
        list[str] | None, typer.Option(help="Import only this source; may be repeated. All unless given.")
    ] = None,
    debug: DebugOption = False,  # noqa: ARG001 (read elsewhere)
) -> None:
    """Import what is there, and say what is not."""
    if not clones.is_dir():
        raise UsageError(f"{clones} is no folder: name the one that your clones are in")
    wanted = wanted_sources(source or [])
    found = {name: find_files(clones, each, part) for name, (each, part) in wanted.items()}
    missing = [name for name, files in found.items() if not files.usable]
    if missing and source:
        raise UsageError(f"{clones} lacks files of {missing[0]}: {clone_line(clones, wanted[missing[0]][0])}")
    for name, files in found.items():
        if files.usable:
            out.mkdir(parents=True, exist_ok=True)
            import_source(name, *wanted[name], files, out)
    if missing:
        warn(f"Not found: {', '.join(missing)}. Get them with")
        for line in dict.fromkeys(clone_line(clones, wanted[name][0]) for name in missing):
            say(f"  {line}")
    if len(missing) == len(wanted):
        raise UsageError(f"{clones} holds none of the sources: run some of the lines above first")


def wanted_sources(names: list[str]) -> Mapping[str, tuple[Source, Download]]:
    """The named sources, or all that a shipped judge may learn from; raises UsageError if one has no importer."""
    known = load_sources()
    ready = {name: (each, each.download) for name, each in known.items() if each.download is not None}
    ready = {name: pair for name, pair in ready.items() if pair[1].importable}
    if unknown := [name for name in names if name not in ready]:
        raise UsageError(f"there is no importer for {', '.join(unknown)}: name one of {', '.join(ready)}")
    return {name: pair for name, pair in ready.items() if (name in names if names else pair[0].shipped)}


def repository(clones: Path, source: Source) -> Path:
    """Where the clone of a source's repository stands."""
    return clones / source.url.rstrip("/").rpartition("/")[2]


def clone_line(clones: Path, source: Source) -> str:
    """The command that gets a source."""
    return f"git clone {source.url} {repository(clones, source)}"


def find_files(clones: Path, source: Source, download: Download) -> Found:
    """The files of a source in its clone; paths and their order do not depend on the file system."""
    folder = repository(clones, source)
    matches = {pattern: sorted(folder.glob(pattern)) for pattern in download.files}
    files = list(dict.fromkeys(path for paths in matches.values() for path in paths if path.is_file()))
    join_file = folder / download.join.file if download.join else None
    return Found(files, join_file, [pattern for pattern, paths in matches.items() if not paths])


def import_source(name: str, source: Source, download: Download, found: Found, out: Path) -> None:
    """Write ``NAME.jsonl.gz`` and say how many rows it has; raises UsageError if no row could be made."""
    rejects = RejectLog(out)
    target = out / f"{name}.jsonl.gz"
    draft = target.with_name(f"{name}.part")
    count = 0
    with draft.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as stream:
        for row in rows_of(name, source, download, found, rejects):
            stream.write(dump_line(row))
            count += 1
    if not count:
        draft.unlink()
        raise UsageError(f"no row of {name} can be read ({rejects.summary()}): its files may have a new layout")
    draft.replace(target)
    say(f"{target}: {count:,} rows, {rejects.left_out:,} repeats left out")
    if rejects.count:
        warn(f"  {rejects.summary()}")
    if found.absent:
        warn(f"  without {', '.join(found.absent)}, which the clone does not have")


def rows_of(
    name: str, source: Source, download: Download, found: Found, rejects: RejectLog
) -> Iterator[dict[str, Any]]:
    """The rows of one source; ``rejects`` takes those that cannot be made, and counts repeats as left out."""
    maker = RowMaker(name, source, download)
    for number, raw in enumerate(raw_rows(download, found.files, found.join_file)):
        try:
            row = maker.make(raw, number)
        except RejectedRowError as error:
            rejects.add(name, raw.line, f"{error}: {raw.file}")  # files of several sources have the same name
            continue
        if row is None:
            rejects.left_out += 1
        else:
            yield row


def main() -> None:
    """Entry point of ``python -m guardrank.train.import_sources``."""
    run(app)


if __name__ == "__main__":
    main()
