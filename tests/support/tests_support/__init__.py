"""Helpers of the tests: tiny checkpoints and learnable rows."""
