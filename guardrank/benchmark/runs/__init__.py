"""Runs: a model's responses to cases, resumable, with all that shaped them."""

from guardrank.benchmark.runs.folder import RunFolder
from guardrank.benchmark.runs.manifest import RunManifest
from guardrank.benchmark.runs.responses import Response, ResponseLog
from guardrank.benchmark.runs.running import Outcome, ask_all

__all__ = ["Outcome", "Response", "ResponseLog", "RunFolder", "RunManifest", "ask_all"]
