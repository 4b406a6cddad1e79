"""What the processes of one training do together: draw one order of rows, divide the weights, put them together.

    launcher ──> N processes: join ──> train, each on its own batches of the first one's order ──> gather ──> leave
                                                                   the first alone calibrates and writes <──┘

Alone, nothing here changes anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from accelerate import Accelerator, DistributedType, PartialState
from accelerate.utils import FullyShardedDataParallelPlugin, broadcast_object_list
from torch import Tensor
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from transformers.trainer_pt_utils import LengthGroupedSampler

from guardrank.errors import TrainingError
from guardrank.train.processes import is_sharded, process_count


def join_processes(device: str) -> None:
    """Meet the other processes before the base is loaded: transformers then reads it in the first one only."""
    if process_count() > 1:
        PartialState(cpu=device == "cpu")


def leave_processes() -> None:
    """End in good order: the threads of a distributed run must not outlive the interpreter."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def share_accumulation(batches: int) -> int:
    """Of ``batches`` that make an update, those of this process: an update sees as many rows as with one process.

    Where they cannot be divided evenly it sees more.
    """
    return -(-batches // process_count())


class SharedOrder(LengthGroupedSampler):
    """Rows of like length together, in the order that the first process draws.

    Each process takes its batches out of one order. Were each to draw its own, dropout would soon have moved their
    random numbers apart (it draws as many as a batch has tokens): rows would be seen twice, and others not at all.
    """

    def __iter__(self) -> Iterator[int]:
        own: Any = super()  # which transformers leaves untyped
        order = [list(own.__iter__())]
        broadcast_object_list(order)
        return iter(order[0])


def shard_on_cpu(accelerator: Accelerator) -> bool:
    """Divide the weights on CPUs too, where accelerate would pass over its FSDP settings without a word.

    So what is tried on CPUs is what runs on GPUs. Returns whether there was anything to do.
    """
    state: Any = accelerator.state
    if not is_sharded() or state.distributed_type != DistributedType.MULTI_CPU:
        return False
    state.fsdp_plugin = FullyShardedDataParallelPlugin()
    if state.mixed_precision != "no":
        state.fsdp_plugin.set_mixed_precision(state.mixed_precision)
    state.distributed_type = DistributedType.FSDP
    return True


def name_layers(accelerator: Accelerator, model: Any) -> None:
    """Tell FSDP the classes of the layers: of those that transformers lists, those that occur again and again.

    Its list for RoBERTa has some that are not there, and the embeddings, which accelerate divides by themselves.
    """
    modules = list(model.modules())
    listed = {name for module in modules for name in getattr(module, "_no_split_modules", None) or ()}
    counts = Counter(type(module).__name__ for module in modules)
    plugin: Any = accelerator.state.fsdp_plugin
    plugin.transformer_cls_names_to_wrap = sorted(name for name in listed if counts[name] > 1)


def gather_trained(model: Any) -> dict[str, Tensor]:
    """The trained weights, whole and on the CPU, in the first process; all have to ask, the others get nothing."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
    weights: dict[str, Any] = get_model_state_dict(model, options=options)
    return weights


def load_trained(model: Any, weights: dict[str, Tensor]) -> None:
    """Put the weights of ``gather_trained`` into a ``model`` that is built like the trained one."""
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    if odd := trained ^ set(weights):
        raise TrainingError(f"the processes' weights do not fit the model: {', '.join(sorted(odd)[:3])}")
    model.load_state_dict(weights, strict=False)
