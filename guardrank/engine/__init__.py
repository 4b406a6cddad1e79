"""Turning records into logits: encoding, batching, engines (torch is imported only by its engine)."""

from guardrank.engine.batching import batches_by_tokens
from guardrank.engine.encoding import Encoded, Encoder, Truncation, load_tokenizer, share_room

__all__ = ["Encoded", "Encoder", "Truncation", "batches_by_tokens", "load_tokenizer", "share_room"]
