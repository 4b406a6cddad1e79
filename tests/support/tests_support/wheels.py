"""The wheel built from the sources, and clean environments that hold it.

An environment sees third-party packages of this one through links, so that no test needs the network; the
project itself it has from the wheel alone.
"""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_OWN = ("guardrank", "__editable__", "_virtualenv", "distutils-precedence")


def run(*command, cwd=None) -> str:
    """Run a command that must succeed, and return all it printed."""
    result = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def build_wheel(tmp_path_factory) -> Path:
    """The wheel of the files that git tracks or would track."""
    source = tmp_path_factory.mktemp("source")
    for name in run("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard").splitlines():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", out, source)
    return next(out.glob("guardrank-*.whl"))


def new_environment(wheel: Path, folder: Path, only: Collection[str] | None = None) -> Path:
    """A new virtual environment with the wheel and links to the third-party packages, or to ``only`` these."""
    run(sys.executable, "-m", "venv", "--without-pip", folder / "env")
    python = folder / "env/bin/python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    links = folder / "third-party"
    links.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        wanted = entry.name in only if only is not None else entry.suffix != ".pth"
        if wanted and not entry.name.startswith(_OWN):
            (links / entry.name).symlink_to(entry)
    site = next((folder / "env/lib").glob("python*/site-packages"))
    (site / "third_party.pth").write_text(f"{links}\n")
    return folder / "env"
