"""``guardrank-score --engine ray``: the same run, scored by workers on one machine or many."""

from guardrank.serve.scaling.ray_engine import judged_on_ray

__all__ = ["judged_on_ray"]
