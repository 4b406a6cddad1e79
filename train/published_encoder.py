"""The published RoBERTa judge under the names of transformers.

    published          roberta.pooler.dense, tanh over <s>   dropout   linear                ReLU
    transformers       classifier.dense, tanh over <s>       dropout   classifier.out_proj

RobertaForSequenceClassification is the same function under other names, up to the ReLU: so tensors are renamed, the
ReLU becomes the way of decoding (``relu_argmax``), and what loads or exports any judge does so with this one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from guardrank.train.published_weights import check_fit, outline, read_tensors, save_tensors, without_prefix

_PUBLISHED_NAMES: Final = {"classifier.dense.": "roberta.pooler.dense.", "classifier.out_proj.": "linear."}
"""How a name of transformers begins -> how the published one does."""
_BUFFERS = ("embeddings.position_ids", "embeddings.token_type_ids")
"""Counted, not learnt; older releases of transformers saved them."""


def pack_encoder(file: Path, config: Any, base: str, draft: Path) -> list[Path]:
    """Write the whole classifier to ``draft``; returns the files that it was read from."""
    model = outline(config)
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    found = without_prefix(read_tensors(file), "linear.weight")
    tensors = {name: tensor for name, tensor in found.items() if not name.endswith(_BUFFERS)}
    check_fit(file, tensors, {_published_name(name): shape for name, shape in shapes.items()}, base)
    save_tensors(draft / "model.safetensors", {name: tensors[_published_name(name)] for name in shapes})
    config.architectures = [type(model).__name__]
    config.save_pretrained(draft)
    return [file]


def _published_name(name: str) -> str:
    for ours, theirs in _PUBLISHED_NAMES.items():
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return name
