"""How fast LLaMA-2-7B trains as a judge on one GPU: its shape with random weights, recipe paper-values.

    python tests/benchmarks/llama_shape.py --json llama_shape.json               # a GPU with 40 GB or more
    python tests/benchmarks/llama_shape.py --device cpu --layers 1 --tokens 64 --steps 2 --warm-up 1

32 layers, hidden 4096, intermediate 11008, 32 heads, vocabulary 32000, made on the device in bfloat16:
nothing is downloaded or written. LoRA (guardrank.train.model.add_lora), loss (judge_loss), targets, batch
size, accumulation and gradient checkpointing are the recipe's. A step is one batch of 4 x 512 tokens without
padding, forward and backward, with the optimiser's share every `gradient_accumulation` steps. Speed does not
depend on the weights. Inference goes through TorchEngine, as guardrank-score does.

FLOPs a token, of N weights in the layers' matrices (6.48e9; embeddings are looked up, not multiplied):

    training    forward 2N + the forward again (checkpointing) 2N + gradients of the inputs 2N = 6N
    attention   causal, a token sees s/2 others on average: 2 products of s/2 x hidden, 2 FLOPs each,
                2 * s * hidden a layer in the forward pass; x4 in training (again, and 2 for its two inputs)
    inference   2N + 2 * s * hidden * layers

The frozen weights need no gradients of their own (that would be another 2N). The adapters' part, 0.6 % of N,
is left out. "Share of peak" counts all of this against the card's dense bf16 peak; "without recomputation"
leaves the repeated forward out of the count.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from measurement import markdown_table, new_parser, report
from torch import Tensor
from transformers import AutoModelForSequenceClassification, LlamaConfig

from guardrank.dimensions import DIMENSIONS
from guardrank.engine.torch_engine import TorchEngine
from guardrank.judge import Output
from guardrank.train.losses import judge_loss
from guardrank.train.model import add_lora, count_parameters
from guardrank.train.recipe import Recipe, load_recipe
from guardrank.train.targets import lay_out_outputs, target_row

HIDDEN, INTERMEDIATE, HEADS, VOCABULARY = 4096, 11008, 32, 32000
PEAK_TFLOPS = {"NVIDIA H100 80GB HBM3": 989.0, "NVIDIA H200": 989.0, "NVIDIA A100": 312.0}
"""Dense bf16 peaks of the vendor's datasheets (SXM parts) by the beginning of the device's name."""
_OTHER_PARTS = ("MIG", "NVL")
"""Parts of a name that stand for less than the whole card."""


@dataclass(frozen=True)
class Setting:
    """What is measured: recipe, its outputs, and the sizes given on the command line."""

    recipe: Recipe
    outputs: tuple[Output, ...]
    layers: int
    tokens: int
    device: str

    @property
    def width(self) -> int:
        """How many logits the head has."""
        return max(output.columns.stop for output in self.outputs)


def main() -> None:
    """Train, then score, and print both."""
    args = parse_arguments()
    torch.manual_seed(args.seed)
    recipe = load_recipe("paper-values", [f"max_tokens={args.tokens}"])
    outputs = lay_out_outputs(recipe.dimensions, recipe.loss, shared=recipe.heads == "shared")
    setting = Setting(recipe, outputs, args.layers, args.tokens, args.device)
    model = build_model(setting)
    figures = describe(model, setting, args.peak_tflops)
    figures["training"] = measure_training(model, setting, args.warm_up, args.steps)
    figures["inference"] = measure_inference(model, setting, args.inference_rows, args.inference_runs)
    weights, peak = figures["weights_in_layers"], figures["peak_tflops"]
    add_shares(figures["training"], training_flops(weights, setting), peak)
    add_shares(figures["inference"], inference_flops(weights, setting), peak)
    report(table_of(figures), figures, args.json)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = new_parser(__doc__)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, or cpu to try it out (default: cuda)")
    parser.add_argument("--layers", type=int, default=32, help="layers (default: 32)")
    parser.add_argument("--tokens", type=int, default=512, help="tokens a row (default: 512)")
    parser.add_argument("--warm-up", type=int, default=4, help="steps before the clock starts (default: 4)")
    parser.add_argument("--steps", type=int, default=20, help="timed steps (default: 20)")
    parser.add_argument("--inference-rows", type=int, help="rows scored a run (default: 256, on a CPU 4)")
    parser.add_argument("--inference-runs", type=int, default=5, help="timed runs of scoring (default: 5)")
    parser.add_argument("--peak-tflops", type=float, help="the card's dense bf16 peak, if not in the table")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and tokens (default: 0)")
    args = parser.parse_args()
    on_gpu = args.device.startswith("cuda")
    if on_gpu and not torch.cuda.is_available():
        parser.error("there is no GPU here: --device cpu --layers 1 --tokens 64 --steps 2 tries the script out")
    args.inference_rows = args.inference_rows or (256 if on_gpu else 4)
    return args


def build_model(setting: Setting) -> Any:
    """The classifier with its adapter, ready to train as ``build_trainee`` leaves it."""
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=HIDDEN,
        intermediate_size=INTERMEDIATE,
        num_hidden_layers=setting.layers,
        num_attention_heads=HEADS,
        max_position_embeddings=4096,
        num_labels=setting.width,
        pad_token_id=2,
        use_cache=False,
    )
    dtype = getattr(torch, setting.recipe.base_dtype)
    with torch.device(setting.device):
        model = AutoModelForSequenceClassification.from_config(config, dtype=dtype)
    model = add_lora(model, setting.recipe)
    if setting.recipe.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    return model


def layer_weights(model: Any) -> int:
    """N: weights of the layers' matrices, without adapters, embeddings and head."""
    named = model.named_parameters()
    return sum(p.numel() for name, p in named if p.ndim == 2 and ".layers." in name and "lora_" not in name)


def batches(setting: Setting) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Token ids, targets and row weights of random rows, on the device."""
    size, device = setting.recipe.batch_size, setting.device
    number = 0
    while True:
        rows = [(setting.outputs[(number + i) % len(setting.outputs)], i % 4) for i in range(size)]
        labels = [target_row(out, min(i, DIMENSIONS[out.dimension].top_score), setting.width) for out, i in rows]
        ids = torch.randint(3, VOCABULARY, (size, setting.tokens), device=device)
        yield (
            ids,
            torch.stack([torch.from_numpy(row) for row in labels]).to(device),
            torch.ones(size, device=device),
        )
        number += size


def measure_training(model: Any, setting: Setting, warm_up: int, steps: int) -> dict[str, Any]:
    """Seconds of each timed step, and the peak of memory."""
    model.train()
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=setting.recipe.rate)
    source = batches(setting)
    _reset_peak(setting.device)
    numbers = iter(range(1, warm_up + steps + 1))

    def step() -> None:
        train_step(model, next(source), setting, optimizer, next(numbers))

    seconds = [timed(step, setting.device) for _ in range(warm_up + steps)][warm_up:]
    return _speed(seconds, setting.recipe.batch_size * setting.tokens, setting.device)


def train_step(
    model: Any,
    batch: tuple[Tensor, Tensor, Tensor],
    setting: Setting,
    optimizer: torch.optim.Optimizer,
    number: int,
) -> None:
    """Forward and backward; every ``gradient_accumulation`` steps the optimiser, as the Trainer has it."""
    ids, targets, weights = batch
    on_gpu = setting.device.startswith("cuda")
    with torch.autocast("cuda", torch.bfloat16) if on_gpu else nullcontext():
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        loss = judge_loss(logits, targets, weights, setting.recipe.loss)
    (loss / setting.recipe.gradient_accumulation).backward()
    if number % setting.recipe.gradient_accumulation == 0:
        torch.nn.utils.clip_grad_norm_((p for p in model.parameters() if p.requires_grad), 1.0)
        optimizer.step()
        optimizer.zero_grad()


def measure_inference(model: Any, setting: Setting, rows: int, runs: int) -> dict[str, Any]:
    """Seconds of scoring ``rows`` full rows, after one run to warm up."""
    ids = torch.randint(3, VOCABULARY, (rows, setting.tokens)).tolist()
    engine = TorchEngine(model, pad_id=2, device=setting.device)
    _reset_peak(setting.device)
    seconds = [timed(lambda: engine.logits(ids), setting.device) for _ in range(runs + 1)][1:]
    return _speed(seconds, rows * setting.tokens, setting.device)


def timed(work: Callable[[], object], device: str) -> float:
    """Seconds until ``work`` is done on the device."""
    _wait_for(device)
    started = time.perf_counter()
    work()
    _wait_for(device)
    return time.perf_counter() - started


def _wait_for(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def _reset_peak(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def _speed(seconds: list[float], tokens: int, device: str) -> dict[str, Any]:
    """Tokens a second over all runs together, and the peak of memory."""
    return {
        "seconds": seconds,
        "median_seconds": statistics.median(seconds),
        "tokens_per_run": tokens,
        "tokens_per_second": tokens * len(seconds) / sum(seconds),
        "peak_gib": peak_gib(device),
    }


def peak_gib(device: str) -> float:
    """Peak of the tensors' memory on the card; of the process's resident set on a CPU."""
    if device.startswith("cuda"):
        return float(torch.cuda.max_memory_allocated(device)) / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def attention_flops(setting: Setting) -> int:
    """FLOPs of causal attention a token in one forward pass."""
    return 2 * setting.tokens * HIDDEN * setting.layers


def training_flops(weights: int, setting: Setting) -> dict[str, int]:
    """FLOPs a token of LoRA training, with and without the recomputed forward."""
    attention = attention_flops(setting)
    again = 1 if setting.recipe.gradient_checkpointing else 0
    return {
        "flops": (4 + 2 * again) * weights + (3 + again) * attention,
        "flops_without_recomputation": 4 * weights + 3 * attention,
    }


def inference_flops(weights: int, setting: Setting) -> dict[str, int]:
    """FLOPs a token of a forward pass."""
    return {"flops": 2 * weights + attention_flops(setting)}


def add_shares(figures: dict[str, Any], per_token: dict[str, int], peak: float | None) -> None:
    """Put TFLOP/s and, where the peak is known, the shares of it into ``figures``."""
    for name, flops in per_token.items():
        tflops = figures["tokens_per_second"] * flops / 1e12
        figures[f"{name}_per_token"] = flops
        figures[name.replace("flops", "tflops_per_second")] = tflops
        figures[name.replace("flops", "share_of_peak")] = tflops / peak if peak else None


def describe(model: Any, setting: Setting, peak: float | None) -> dict[str, Any]:
    """The model's and the device's facts."""
    trained, total = count_parameters(model)
    on_gpu = setting.device.startswith("cuda")
    name = torch.cuda.get_device_name(setting.device) if on_gpu else "cpu"
    return {
        "device": name,
        "peak_tflops": peak or known_peak(name),
        "cuda": torch.version.cuda,
        "layers": setting.layers,
        "tokens": setting.tokens,
        "batch_size": setting.recipe.batch_size,
        "gradient_accumulation": setting.recipe.gradient_accumulation,
        "trained_parameters": trained,
        "parameters": total,
        "weights_in_layers": layer_weights(model),
        "attention": model.config._attn_implementation,
    }


def known_peak(name: str) -> float | None:
    """The card's dense bf16 peak in TFLOP/s, None where the table does not hold this very card."""
    if any(part in name for part in _OTHER_PARTS):
        return None
    return next((peak for known, peak in PEAK_TFLOPS.items() if name.startswith(known)), None)


def table_of(figures: dict[str, Any]) -> str:
    """The Markdown table, under a line on what ran."""
    peak = figures["peak_tflops"]
    known = f"{peak:g} TFLOP/s" if peak else "unknown"
    title = (
        f"{figures['device']} (bf16 peak {known}), {figures['layers']} layers, "
        f"{figures['parameters']:,} parameters, {figures['trained_parameters']:,} trained"
    )
    headings = ["", "tokens/s", "seconds", "peak GiB", "TFLOP/s", "share of peak", "without recomputation"]
    rows = [_table_row(part, figures[part]) for part in ("training", "inference")]
    return f"{title}\n\n{markdown_table(headings, rows)}"


def _table_row(part: str, row: dict[str, Any]) -> list[object]:
    low, high = min(row["seconds"]), max(row["seconds"])
    return [
        part,
        f"{row['tokens_per_second']:,.0f}",
        f"{row['median_seconds']:.3f} ({low:.3f}-{high:.3f})",
        f"{row['peak_gib']:.1f}",
        f"{row['tflops_per_second']:.1f}",
        _percent(row["share_of_peak"]),
        _percent(row.get("share_of_peak_without_recomputation")),
    ]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


if __name__ == "__main__":
    main()
