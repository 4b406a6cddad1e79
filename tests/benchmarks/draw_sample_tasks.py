"""Draws the images of data/samples/tasks: flat scenes in sixteen colours, the same bytes every time.

    SCENES: task, name ──a function with a Pen──> 240 x 180 pixels, palette ──> TASKS/task/imgs/name.png

A scene is a handful of shapes; text is in Pillow's built-in bitmap font. Nobody and nothing real is shown. What is
where: `sample_tasks/` a module for each task, `pen.py` there the shapes and colours, `parts.py` what scenes share.

    python tests/benchmarks/draw_sample_tasks.py [FOLDER]      # data/samples/tasks, if none is named
"""

from __future__ import annotations

import sys
from pathlib import Path

from sample_tasks import SCENES
from sample_tasks.pen import Pen, blank

TASKS = Path(__file__).resolve().parents[2] / "data" / "samples" / "tasks"


def draw_all(folder: Path) -> list[Path]:
    """Draw every scene under ``folder``, and return the files."""
    files = []
    for task, scenes in SCENES.items():
        for name, scene in scenes.items():
            image = blank()
            scene(Pen(image))
            file = folder / task / "imgs" / f"{name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            image.save(file, optimize=True)
            files.append(file)
    return files


if __name__ == "__main__":
    drawn = draw_all(Path(sys.argv[1]) if len(sys.argv) > 1 else TASKS)
    print(f"{len(drawn)} images, {sum(file.stat().st_size for file in drawn):,} bytes")
