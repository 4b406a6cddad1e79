"""The five dimensions, their subtasks, scales and input templates."""

from guardrank.dimensions.table import (
    DIMENSION_OF_SUBTASK,
    DIMENSIONS,
    NOISE_CONSISTENCY,
    PAIR_SUBTASKS,
    POSITION_SWAPPING,
    Dimension,
    DimensionSpec,
    parse_dimension,
    parse_subtask,
)
from guardrank.dimensions.templates import TEMPLATES, Rendered, Span, render

__all__ = [
    "DIMENSIONS",
    "DIMENSION_OF_SUBTASK",
    "NOISE_CONSISTENCY",
    "PAIR_SUBTASKS",
    "POSITION_SWAPPING",
    "TEMPLATES",
    "Dimension",
    "DimensionSpec",
    "Rendered",
    "Span",
    "parse_dimension",
    "parse_subtask",
    "render",
]
