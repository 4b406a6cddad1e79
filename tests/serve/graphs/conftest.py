"""What quantised blocks stand for."""

import numpy as np
import pytest

from guardrank.serve.graphs.blockwise import Blocks


@pytest.fixture(scope="session")
def unpack():
    """Values and zero points of blocks, one a byte."""

    def unpacked(blocks: Blocks, bits: int) -> tuple[np.ndarray, np.ndarray]:
        values, scales, zeros = blocks
        if bits == 4:
            values, zeros = (
                np.stack([part & 15, part >> 4], -1).reshape(*part.shape[:-1], -1) for part in (values, zeros)
            )
        return values, zeros[:, : scales.shape[1]]

    return unpacked


@pytest.fixture(scope="session")
def restore(unpack):
    """The weights (n, k) that blocks stand for."""

    def restored(blocks: Blocks, bits: int, k: int) -> np.ndarray:
        values, zeros = unpack(blocks, bits)
        steps = values.astype(np.float32) - zeros[..., None]
        return (steps * blocks.scales[..., None]).reshape(len(steps), -1)[:, :k]

    return restored
