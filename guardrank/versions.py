"""Versions of the libraries that made something, as manifests and metrics tell them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version


def library_versions(packages: Iterable[str]) -> dict[str, str]:
    """Package -> version, or ``not installed``."""
    return {package: _version(package) for package in packages}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
