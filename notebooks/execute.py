"""Runs a notebook from top to bottom and keeps its outputs: ``python notebooks/execute.py [NOTEBOOK]``.

    cells ──a fresh kernel──> outputs ──settled: no times, no counters, no progress──> the same file

The same data and the same code give the same file, byte for byte. Where a cell fails, nothing is written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets.config import Config

STUDY = Path(__file__).resolve().parent / "agreement_study.ipynb"
CELL_SECONDS = 1800
"""How long one cell may take; a chat model among the judges is slow."""
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def execute(path: Path) -> None:
    """Run the notebook in its own folder, and write it back with its outputs.

    Raises:
        CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            config=Config(ConnectionFileMixin=_sockets(folder)),
            kernel_name="python3",
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": str(path.parent)}},
            coalesce_streams=True,
        )
        client.execute()
    settle(notebook)
    draft = path.with_name(f"{path.name}.tmp")
    nbformat.write(notebook, draft)
    draft.replace(path)


def _sockets(folder: str) -> dict[str, str]:
    """Where the kernel listens: in ``folder``, not at an open port, where the system knows such sockets."""
    return {} if sys.platform == "win32" else {"transport": "ipc", "ip": f"{folder}/kernel"}


def settle(notebook: NotebookNode) -> None:
    """Take out what differs from run to run: times, the machine's Python, and progress, which goes to stderr."""
    notebook.metadata = nbformat.from_dict(KERNEL)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]


def main(arguments: Sequence[str]) -> int:
    """Execute the notebook that is named, or the study."""
    if len(arguments) > 1 or any(one.startswith("-") for one in arguments):
        sys.stderr.write(f"{__doc__}")
        return 0 if arguments[0] in ("-h", "--help") else 2
    path = Path(arguments[0]) if arguments else STUDY
    try:
        execute(path)
    except CellExecutionError as error:
        sys.stderr.write(f"{error}\n{path} is as it was: a cell failed\n")
        return 1
    sys.stderr.write(f"{path}: {path.stat().st_size / 1024:,.0f} KB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
