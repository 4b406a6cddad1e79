"""Chat: asks as a transformers model's inputs, through its processor and its chat template.

Ask ──template: image parts, then the text──> text with marks ──processor──> input_ids, pixel_values...
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guardrank.benchmark.models.base import Ask
from guardrank.errors import UsageError


class ImageMarkInPromptError(ValueError):
    """The prompt holds the text by which the model marks an image: it would see images in the wrong places."""


class Chat:
    """Asks as the model's inputs.

    Args:
        processor: the model's, for texts and images.
        template: Jinja, over messages whose content is a list of parts.
        rest: what the user called the model.
    """

    def __init__(self, processor: Any, template: str, rest: str) -> None:
        if not hasattr(processor, "image_processor"):
            raise UsageError(f"--model hf:{rest} has no image processor: it is no model for images and text")
        self.processor, self.tokenizer, self.template = processor, processor.tokenizer, template
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        marks = (getattr(processor, name, None) for name in ("image_token", "boi_token"))
        self.marks = tuple(str(mark) for mark in marks if mark)
        probe = "guardrank probe"
        shown = self.render(probe, 1)
        if probe not in shown or "'type'" in shown:
            raise UsageError(f"--model hf:{rest}: its chat template takes no images: give --set template=FILE")

    def render(self, prompt: str, images: int) -> str:
        """What the model reads, with a mark for each image."""
        parts = [{"type": "image"}] * images + [{"type": "text", "text": prompt}]
        conversation = [{"role": "user", "content": parts}]
        options = {"chat_template": self.template, "tokenize": False, "add_generation_prompt": True}
        return str(self.processor.apply_chat_template(conversation, **options))

    def inputs(self, asks: Sequence[Ask]) -> Any:
        """The tensors of asks with as many images each, ``input_ids`` of shape (asks, longest) padded on the left.

        Raises:
            ImageMarkInPromptError: a prompt holds the mark of an image.
        """
        if any(mark in ask.prompt for ask in asks for mark in self.marks):
            raise ImageMarkInPromptError
        texts = [self.render(ask.prompt, len(ask.images)) for ask in asks]
        # nested, since of a flat list some processors cannot tell whose image is whose
        images = [list(ask.images) for ask in asks] if asks[0].images else None
        bos = self.tokenizer.bos_token
        once = {"add_special_tokens": False} if bos and texts[0].startswith(bos) else {}
        return self.processor(text=texts, images=images, padding=len(texts) > 1, return_tensors="pt", **once)
