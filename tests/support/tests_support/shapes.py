"""Batches of token ids that an export must read as torch does: paddings, extremes, a padding id inside a text."""

import numpy as np

SHAPES = ("1x1", "1x40", "5x300", "left", "right", "pad id inside")


def make_batch(shape: str, vocabulary: int, pad_id: int) -> dict[str, np.ndarray]:
    """``input_ids`` and ``attention_mask`` of one of SHAPES."""
    random = np.random.default_rng(0)
    rows, tokens = tuple(map(int, shape.split("x"))) if "x" in shape else (4, 24)
    ids = random.integers(5, vocabulary, (rows, tokens))
    mask = np.ones_like(ids)
    for row in range(rows):
        cut = tokens - 5 * row
        if shape == "right":
            ids[row, cut:], mask[row, cut:] = pad_id, 0
        if shape == "left":
            ids[row, : tokens - cut], mask[row, : tokens - cut] = pad_id, 0
    if shape == "pad id inside":
        ids[:, 7] = ids[1:, -1] = pad_id
    return {"input_ids": ids, "attention_mask": mask}
