"""Models under test: local ones, servers, and a Python class of the user's."""

from guardrank.benchmark.models.base import (
    Ask,
    Model,
    ModelOptions,
    OutOfMemoryError,
    Reply,
    load_model,
)

__all__ = ["Ask", "Model", "ModelOptions", "OutOfMemoryError", "Reply", "load_model"]
