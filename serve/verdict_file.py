"""The verdict file and its run file, kept in step: killed at any moment, a run can go on from what they hold.

    begin    empty the verdict file, then write the run file
    resume   find what the verdict file keeps, read it again, and only then cut off the rest
    append   a window of verdicts at a time
    end      write into the run file how large the whole is
    rewrite  put other lines in the place of the whole, all at once

So lines in a verdict file always belong to the run file beside it, and an empty one means: from the start.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from guardrank.console import say
from guardrank.errors import GuardRankError
from guardrank.records import Record, Verdict, dump_line, verdict_line
from guardrank.serve.request import ScoringRequest
from guardrank.serve.resume import CannotResumeError, Judged, Kept, find_kept, judged_before
from guardrank.serve.run_file import Finished, RunFile, run_file_of, write_run_file

if sys.platform != "win32":
    import fcntl


@dataclass
class VerdictFile:
    """Where the verdicts of a run go.

    Attributes:
        run: what the run file says; None for a run that cannot be resumed.
        kept: what was there already; it has to be read again before more is written.
        rows: how many verdicts went through so far, kept ones and new ones.
    """

    path: Path
    stream: BinaryIO
    with_text: bool
    run: RunFile | None = None
    kept: Kept = field(default_factory=Kept)
    rows: int = 0

    def read_again(self, records: Iterator[Record]) -> Iterator[Judged]:
        """The first of ``records`` with the verdicts that were kept; what followed them is cut off then.

        Raises:
            CannotResumeError: a line is not what the run wrote there; the file stays as it is.
        """
        for judged in judged_before(self.path, self.stream, self.kept, records, self.line):
            self.rows += 1
            yield judged
        if self.run and not self.kept.is_whole:
            self.stream.truncate(self.kept.bytes)

    def append(self, window: Sequence[Judged]) -> None:
        """Write the verdicts of a window, and see that they leave this process."""
        self.stream.write(b"".join([self.line(*judged) for judged in window]))
        self.stream.flush()
        self.rows += len(window)

    def end(self) -> None:
        """Write down that the file is whole."""
        if self.run and not self.kept.is_whole:
            self._finish(os.fstat(self.stream.fileno()).st_size)

    def rewrite(self, lines: Iterable[bytes]) -> None:
        """Put ``lines``, one for each that is there, in their place: a kill leaves the old ones or the new ones."""
        target = self.path.resolve()  # a link stays one
        draft = target.with_name(f"{target.name}.tmp")
        try:
            with draft.open("wb") as stream:
                stream.writelines(lines)
            self._finish(draft.stat().st_size)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def line(self, record: Record, verdict: Verdict) -> bytes:
        """The line of a verdict."""
        return dump_line(verdict_line(record, verdict, with_text=self.with_text))

    def _finish(self, size: int) -> None:
        if self.run:
            whole = self.run.model_copy(update={"finished": Finished(verdicts=self.rows, bytes=size)})
            write_run_file(run_file_of(self.path), whole)


@contextmanager
def open_verdicts(request: ScoringRequest, run: RunFile | None, window: int) -> Iterator[VerdictFile]:
    """The place where the verdicts of ``request`` go, begun or resumed.

    Raises:
        CannotResumeError: what is there was not left unfinished by this run; it stays as it is.
        GuardRankError: another process is writing there.
    """
    path = Path(request.output)
    new = partial(VerdictFile, path, with_text=request.with_text)
    if request.to_stdout:
        yield new(stream=sys.stdout.buffer)
    elif request.to_device:
        with path.open("wb") as stream:
            yield new(stream=stream)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as stream:
            _lock(path, stream)
            kept = _begin_or_resume(path, stream, run, window, resume=request.resume)
            with _telling_how_to_go_on(new(stream=stream, run=run, kept=kept)) as file:
                yield file


def _lock(path: Path, stream: BinaryIO) -> None:
    """Keep other processes from writing there too, as when a run is resumed that was not dead."""
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise GuardRankError(
            f"another process is writing {path}: wait for its end, or give another file with -o"
        ) from None
    except OSError:  # a file system without locks
        pass


def _begin_or_resume(path: Path, stream: BinaryIO, run: RunFile | None, window: int, *, resume: bool) -> Kept:
    if run and resume and os.fstat(stream.fileno()).st_size:
        return find_kept(path, stream, run, window)
    stream.truncate(0)
    if run:
        write_run_file(run_file_of(path), run)
    else:
        run_file_of(path).unlink(missing_ok=True)
    return Kept()


@contextmanager
def _telling_how_to_go_on(file: VerdictFile) -> Iterator[VerdictFile]:
    try:
        yield file
    except CannotResumeError:
        raise
    except (Exception, KeyboardInterrupt):
        rows = max(file.rows, file.kept.rows)
        if file.run and rows:
            say(f"{rows:,} verdicts are kept in {file.path}: go on with --resume")
        raise
