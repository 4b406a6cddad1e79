"""``guardrank-score --engine ray``: the same run, scored by workers on one machine or many."""

from guardrank.serve.scaling.ray_engine import check_ray, judged_on_ray

__all__ = ["check_ray", "judged_on_ray"]
