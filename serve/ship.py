"""A slim copy of a judge: one export, without the weights that it was made from.

    judge folder ──manifest of the one variant, its files, card and figures──> another folder, for scoring only

Under the same name the copy has the export's own hash: it is the same judge. The folder's name is the judge's.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from guardrank.errors import UsageError
from guardrank.judge.manifest import MANIFEST_FILE, read_manifest, write_manifest

_BESIDE = ("README.md", "metrics.json", "config.json")
"""What stands beside the weights: the card, the figures, and what optimum knows a folder by."""


def ship_judge(folder: Path, out: Path, precision: str) -> Path:
    """Write the copy to ``out``, in the place of an earlier one; returns ``out``.

    Raises:
        UsageError: there is no such export, or ``out`` is taken by something else than a judge.
    """
    manifest = read_manifest(folder)
    if precision not in manifest.weights:
        raise UsageError(f"{folder} has no {precision} export to ship: give its --precision")
    if out.exists() and not (out / MANIFEST_FILE).is_file():
        raise UsageError(f"{out} exists and is no judge: give another place with --ship")
    slim = manifest.model_copy(
        update={
            "name": out.name,
            "weights": {precision: manifest.weights[precision]},
            "probes": {precision: manifest.probes[precision]},
        }
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".ship-") as place:
        draft = Path(place) / out.name
        draft.mkdir()
        beside = [name for name in _BESIDE if (folder / name).is_file()]
        for name in (*manifest.weights[precision], *beside):
            shutil.copyfile(folder / name, draft / name)
        write_manifest(draft, slim)
        shutil.rmtree(out, ignore_errors=True)
        draft.rename(out)
    return out
