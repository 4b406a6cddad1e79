"""What training a judge cost: time, and an estimate of energy and carbon from assumptions that it names.

seconds x assumed watts ──> kWh x grams a kWh ──> grams of CO2e
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WATTS = {"cpu": 65.0, "cuda": 700.0}
"""Assumed draw while training, by device: two server cores with their share of memory and cooling; one H100."""
GRAMS_PER_KWH = 480.0
"""Assumed CO2e of electricity: the world's mean of 2023 (Ember, Global Electricity Review 2024)."""
_OTHER_WATTS = 100.0


def kilowatt_hours(seconds: float, device: str) -> float:
    """Energy of a run, as assumed."""
    return seconds / 3600 * WATTS.get(device.partition(":")[0], _OTHER_WATTS) / 1000


def cost_sentences(metrics: Mapping[str, Any]) -> list[str]:
    """The cost of each step that metrics.json knows the seconds of: ``training``, ``pretraining``."""
    steps = {name: metrics[name] for name in ("pretraining", "training") if "seconds" in metrics.get(name, {})}
    sentences = [_sentence(name, step["seconds"], str(step.get("device", "cpu"))) for name, step in steps.items()]
    if "pretraining" not in steps:
        sentences.append("Not counted: making the base, and the trials that chose the recipe")
    return sentences


def _sentence(name: str, seconds: float, device: str) -> str:
    energy, watts = kilowatt_hours(seconds, device), WATTS.get(device.partition(":")[0], _OTHER_WATTS)
    return (
        f"{name.capitalize()}: {seconds:,.0f} s on {device}, at an assumed {watts:g} W {energy:.3f} kWh, and at "
        f"{GRAMS_PER_KWH:g} g of CO2e a kWh (the world's mean of 2023) {energy * GRAMS_PER_KWH:.0f} g"
    )
