"""A transformers model on this machine, from a folder or the hub, asked through its own chat template.

    FOLDER or ID@REVISION ──AutoProcessor, AutoModelForImageTextToText──> HFModel
    asks ──as many images each──> template, processor, left padding ──generate──> new tokens ──> replies
           a batch failed? one by one           out of memory? OutOfMemoryError: the caller asks fewer at once

In float32 a reply does not depend on the asks beside it, sampled or not. In bfloat16 it may: how a GPU rounds a sum
depends on the batch's shape, and where two tokens are nearly as likely the other one can win.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from guardrank.benchmark.models.base import EMPTY, MODEL_ERROR, Ask, ModelOptions, OutOfMemoryError, Reply
from guardrank.benchmark.models.hf_chat import Chat
from guardrank.benchmark.models.hf_source import Source
from guardrank.console import warn
from guardrank.engine.torch_engine import pick_device
from guardrank.errors import GuardRankError, MissingExtraError, UsageError

try:
    import torch

    from guardrank.benchmark.models.hf_draws import Draws
    from guardrank.benchmark.models.hf_loading import (
        find_template,
        in_one_sentence,
        load_processor,
        load_weights,
        quiet,
    )

    transformers: Any = importlib.import_module("transformers")  # its annotations are partial
except ImportError:
    raise MissingExtraError("running a model", "bench") from None

SETTINGS = ("dtype", "template")
"""What ``--set`` may name: the data type, and a file with the chat template of a model that comes without one."""
DTYPES = ("float32", "bfloat16", "float16")

_KEPT = (
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "decoder_start_token_id",
    "suppress_tokens",
    "begin_suppress_tokens",
    "bad_words_ids",
)
"""What the checkpoint says of decoding and we follow; its sampling and penalties would make models incomparable."""


def load(rest: str, options: ModelOptions) -> HFModel:
    """The model in the folder or hub repository ``rest``, which may end in ``@revision``.

    Raises:
        UsageError: no such folder, a setting that is none, no chat template, or code that is not trusted.
        GuardRankError: transformers cannot load it.
    """
    if unknown := sorted(set(options.more) - set(SETTINGS)):
        raise UsageError(f"--set {unknown[0]}: a model of kind hf has {' and '.join(SETTINGS)}")
    source, device = Source.parse(rest), pick_device(options.device)
    dtype = options.more.get("dtype", "float32" if device.startswith("cpu") else "bfloat16")
    if dtype not in DTYPES:
        raise UsageError(f"--set dtype={dtype}: give one of {', '.join(DTYPES)}")
    with in_one_sentence(rest), quiet():
        # the processor first: what it lacks is found out before the weights are read
        processor = load_processor(source, options.trust_remote_code)
        chat = Chat(processor, find_template(processor, rest, options.more.get("template")), rest)
        return HFModel(source, load_weights(source, options, device, dtype), chat, options)


class HFModel:
    """A model under test that runs on this machine; made by ``load``."""

    threads = 1

    def __init__(self, source: Source, model: Any, chat: Chat, options: ModelOptions) -> None:
        self.source, self.model, self.chat, self.options = source, model, chat, options
        self.name = source.id.rstrip("/").rpartition("/")[2]
        self.batch_size = options.batch_size
        self.stop = threading.Event()
        # on the model: of values given to generate(), those that equal a default would give way to the checkpoint's
        model.generation_config = self._decoding(model.generation_config)
        ends = model.generation_config.eos_token_id
        self.ends = {ends} if isinstance(ends, int) else set(ends or ())
        self._sha256: str | None = None

    def _decoding(self, published: Any) -> Any:
        kept = {name: value for name in _KEPT if (value := getattr(published, name, None)) is not None}
        own = {"eos_token_id": self.chat.tokenizer.eos_token_id, "pad_token_id": self.chat.tokenizer.pad_token_id}
        limits = {"do_sample": False, "max_new_tokens": self.options.max_new_tokens}
        return transformers.GenerationConfig(**(own | kept | limits))

    def facts(self) -> Mapping[str, Any]:
        """All that shapes its answers; a folder's files are hashed the first time (about a second for a GB)."""
        self._sha256 = self._sha256 or self.source.sha256()
        parts = {"model": self.model, "processor": self.chat.processor}
        parts |= {name: getattr(self.chat.processor, name) for name in ("image_processor", "tokenizer")}
        return {
            "kind": "hf",
            "model": self.source.id,
            "revision": self.source.revision,
            "commit": getattr(self.model.config, "_commit_hash", None),
            "sha256": self._sha256,
            "classes": {name: type(part).__name__ for name, part in parts.items()},
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "device": self.model.device.type,
            "decoding": self._decoding_facts(),
            "chat_template_sha256": hashlib.sha256(self.chat.template.encode()).hexdigest(),
            "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
        }

    def _decoding_facts(self) -> dict[str, Any]:
        drawn = {"seed": self.options.seed} if self.options.temperature > 0 else {}
        decoding = self.model.generation_config.to_diff_dict()
        decoding.pop("transformers_version", None)
        return {**decoding, "temperature": self.options.temperature, **drawn}

    def answer(self, asks: Sequence[Ask]) -> list[Reply]:
        """One reply for each ask, in order.

        Raises:
            OutOfMemoryError: fewer asks at once may do.
            GuardRankError: the GPU has failed; only a new start helps.
        """
        groups: dict[int, list[int]] = defaultdict(list)
        for place, ask in enumerate(asks):
            groups[len(ask.images)].append(place)
        replies: dict[int, Reply] = {}
        for places in groups.values():
            replies |= zip(places, self._answer_alike([asks[place] for place in places]), strict=True)
        return [replies[place] for place in range(len(asks))]

    def _answer_alike(self, asks: Sequence[Ask]) -> list[Reply]:
        """Replies to asks with as many images each; if the batch fails, one by one, to find whose fault it was."""
        try:
            return self._generate(asks)
        except Exception as error:  # noqa: BLE001  # one bad case must not end a run
            kind, memory, lost = type(error).__name__, _is_out_of_memory(error), "CUDA error" in str(error)
        # out here, where the error and the tensors in its frames are gone
        if memory:
            raise OutOfMemoryError(f"{self.name}: {len(asks)} asks at once")
        if lost:
            which = f"{asks[0].id} or the {len(asks) - 1} asked with it" if len(asks) > 1 else asks[0].id
            raise GuardRankError(f"{self.name}: the GPU failed ({kind}) at {which}: start again")
        if len(asks) > 1:
            return [self._answer_alike([ask])[0] for ask in asks]
        warn(f"{asks[0].id}: the model failed ({kind}).")
        return [Reply(error=MODEL_ERROR)]

    def _generate(self, asks: Sequence[Ask]) -> list[Reply]:
        draws = [Draws(self.options, [ask.id for ask in asks])] if self.options.temperature > 0 else None
        with quiet(), torch.inference_mode():
            inputs = self.chat.inputs(asks).to(self.model.device, dtype=self.model.dtype)
            tokens = self.model.generate(**inputs, logits_processor=draws)
        return [self._reply(row) for row in tokens[:, inputs["input_ids"].shape[1] :].tolist()]

    def _reply(self, row: Sequence[int]) -> Reply:
        """The reply in the new tokens ``row``, whose end token may be followed by padding."""
        length = next((place + 1 for place, token in enumerate(row) if token in self.ends), None)
        text = self.chat.tokenizer.decode(row[:length], skip_special_tokens=True).strip()
        facts = {"tokens": length or len(row)}
        if not text:
            return Reply(error=EMPTY, cut=length is None, facts=facts)
        return Reply(text, cut=length is None, facts=facts)

    def close(self) -> None:
        """Give the memory back."""
        self.model = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in text.lower() or "DefaultCPUAllocator" in text)
