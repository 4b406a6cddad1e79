"""The LLaMA head reads the last real token, whatever the padding and whatever ids the text holds.

transformers looks for the last id that is not the padding id. A text may hold that id, and even end in it (LLaMA
has no padding token of its own, so another one has to serve); the attention mask knows better.
"""

from __future__ import annotations

from typing import Any


def read_last_real_token(model: Any) -> Any:
    """``model`` itself; a LLaMA classifier then pools where its attention mask ends."""
    import transformers

    LlamaForSequenceClassification: Any = transformers.LlamaForSequenceClassification  # noqa: N806 (a class)
    if type(model) is not LlamaForSequenceClassification:
        return model

    class Classifier(LlamaForSequenceClassification):  # type: ignore[misc]
        def forward(self, input_ids: Any = None, attention_mask: Any = None, **others: Any) -> Any:
            if input_ids is None or attention_mask is None or others.get("labels") is not None:
                return super().forward(input_ids=input_ids, attention_mask=attention_mask, **others)
            return last_token_logits(self, input_ids, attention_mask)

    # config.json is written with the name, and optimum tells the library by the module
    Classifier.__name__ = LlamaForSequenceClassification.__name__
    Classifier.__module__ = LlamaForSequenceClassification.__module__
    model.__class__ = Classifier
    return model


def last_token_logits(model: Any, input_ids: Any, attention_mask: Any) -> Any:
    """Logits of shape (rows, width), read where each row's mask is 1 for the last time."""
    import torch
    from transformers.modeling_outputs import SequenceClassifierOutputWithPast

    hidden = model.model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).last_hidden_state
    places = torch.arange(input_ids.shape[-1], device=hidden.device)
    last = (attention_mask * places).argmax(dim=-1)
    rows = torch.arange(input_ids.shape[0], device=hidden.device)
    return SequenceClassifierOutputWithPast(logits=model.score(hidden[rows, last]))
