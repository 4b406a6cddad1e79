"""mypy strict over every file of the three packages and data/.

train/, serve/ and data/ install as guardrank.train and so on, which mypy does not see in the source tree. So
it runs on a tree of links in the shape of the installed package, and the number of files that it says it
checked must be the number that there are.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / ".venv" / "typecheck"
MOVED = ("train", "serve", "data")


def link_tree() -> None:
    """Make TREE/guardrank as the wheel would lay it out."""
    shutil.rmtree(TREE, ignore_errors=True)
    package = TREE / "guardrank"
    package.mkdir(parents=True)
    for entry in (ROOT / "guardrank").iterdir():
        if entry.name != "__pycache__":
            (package / entry.name).symlink_to(entry)
    for name in MOVED:
        (package / name).symlink_to(ROOT / name)


def main() -> int:
    """Run mypy; fail on findings and on files left out."""
    link_tree()
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "-p", "guardrank"]
    result = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    sys.stdout.write(result.stdout + result.stderr)
    if result.returncode:
        return result.returncode
    checked = int(re.search(r"in (\d+) source files", result.stdout).group(1))
    there = sum(1 for part in ("guardrank", *MOVED) for _ in (ROOT / part).rglob("*.py"))
    if checked != there:
        sys.stdout.write(f"mypy checked {checked} files of {there}\n")
        return 1
    return 0


sys.exit(main())
