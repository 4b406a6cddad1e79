"""mypy strict over every file of the three packages and data/.

train/, serve/ and data/ install as guardrank.train and so on, which mypy does not see in the source tree. So
it runs on a tree of links in the shape of the installed package, and every module that there is must stand in
mypy's report of what it read.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / ".venv" / "typecheck"
REPORT = ROOT / ".venv" / "typecheck-report"
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


def modules_there() -> set[str]:
    """The module names of every Python file that installs."""
    files = [file for part in (ROOT / "guardrank", *(ROOT / name for name in MOVED)) for file in part.rglob("*.py")]
    paths = [file.relative_to(ROOT) for file in files]
    inside = [path if path.parts[0] == "guardrank" else Path("guardrank", path) for path in paths]
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in inside}


def modules_checked() -> set[str]:
    """The module names in mypy's own report."""
    lines = (REPORT / "linecount.txt").read_text().splitlines()
    return {line.split()[-1] for line in lines}


def main() -> int:
    """Run mypy; fail on findings and on files left out."""
    link_tree()
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    command += ["--linecount-report", str(REPORT), "-p", "guardrank"]
    code = subprocess.run(command, cwd=TREE, check=False).returncode
    if code == 0 and (missed := modules_there() - modules_checked()):
        sys.stdout.write(f"mypy did not check {', '.join(sorted(missed))}\n")
        return 1
    return code


sys.exit(main())
