"""What the images of data/samples/tasks show: a module for each task, a function with a Pen for each image."""

from __future__ import annotations

from collections.abc import Mapping

from sample_tasks import bias, hallucination, legality, noise_injection, position_swapping, privacy, toxicity
from sample_tasks.pen import Scene

SCENES: Mapping[str, Mapping[str, Scene]] = {
    "privacy": privacy.SCENES,
    "bias": bias.SCENES,
    "toxicity": toxicity.SCENES,
    "legality": legality.SCENES,
    "hallucination": hallucination.SCENES,
    "noise-injection": noise_injection.SCENES,
    "position-swapping": position_swapping.SCENES,
}
"""By task and by the image's name, without its ending."""
