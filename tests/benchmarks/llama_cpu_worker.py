"""One step of llama_on_cpu.py in a process of its own; the last line of stdout is its result as JSON.

build FOLDER LAYERS SEED            FOLDER/base and FOLDER/adapter
export FOLDER BITS                  FOLDER/model_BITS.onnx, the adapter merged
onnx FOLDER BITS IDS THREADS        score IDS, a JSON file of token ids, through guardrank's OnnxEngine
torch FOLDER IDS THREADS            score them through TorchEngine, in bfloat16, the adapter merged
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DTYPE = "bfloat16"


def build(folder: Path, layers: int, seed: int) -> dict[str, Any]:
    """Write the base and the adapter."""
    from llama_cpu_shape import write_adapter, write_base

    parameters = write_base(folder / "base", layers, seed) + write_adapter(folder / "adapter", layers, seed)
    return {"parameters": parameters}


def export(folder: Path, bits: int) -> dict[str, Any]:
    """Write the ONNX graph, as guardrank-export does."""
    from transformers import AutoConfig

    from guardrank.serve.graphs.decoder import build_decoder
    from guardrank.serve.graphs.decoder_weights import FolderWeights

    config = AutoConfig.from_pretrained(folder / "base")
    weights = FolderWeights(folder / "base", folder / "adapter", dtype=DTYPE)
    files = build_decoder(graph_file(folder, bits), config, weights, bits=8 if bits == 8 else 4)
    return {"file_gb": sum(file.stat().st_size for file in files) / 1e9}


def score_onnx(folder: Path, bits: int, ids: list[list[int]], threads: int) -> dict[str, Any]:
    """Load the graph as load_judge does and score."""
    from guardrank.engine.onnx_engine import OnnxEngine

    engine, seconds = timed(lambda: OnnxEngine(graph_file(folder, bits), threads=threads, optimize=False))
    return {"load_seconds": seconds, "rows": score(engine, ids)}


def score_torch(folder: Path, ids: list[list[int]], threads: int) -> dict[str, Any]:
    """Load the base with transformers, merge the adapter with PEFT and score row by row and as one batch."""
    import torch

    from guardrank.engine.torch_engine import TorchEngine

    torch.set_num_threads(threads)
    model, seconds = timed(lambda: load_merged(folder))
    engines = {
        "rows": TorchEngine(model, pad_id=model.config.pad_token_id, token_budget=1),
        "batch": TorchEngine(model, pad_id=model.config.pad_token_id),
    }
    return {"load_seconds": seconds, **{name: score(engine, ids) for name, engine in engines.items()}}


def load_merged(folder: Path) -> Any:
    """The classifier in bfloat16."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(folder / "base", dtype=getattr(torch, DTYPE))
    return PeftModel.from_pretrained(model, str(folder / "adapter")).merge_and_unload()


def score(engine: Any, ids: list[list[int]]) -> dict[str, Any]:
    """The clock and the logits, after the shortest row to warm up."""
    engine.logits([min(ids, key=len)])
    logits, seconds = timed(lambda: engine.logits(ids))
    return {"seconds": seconds, "tokens_per_second": sum(map(len, ids)) / seconds, "logits": logits.tolist()}


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What ``work`` returns and how long it took."""
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def graph_file(folder: Path, bits: int) -> Path:
    """Where an export is."""
    return folder / f"model_{bits}.onnx"


def main() -> None:
    """Do the step that the command line names."""
    step, folder, *rest = sys.argv[1:]
    place = Path(folder)
    if step == "build":
        result = build(place, int(rest[0]), int(rest[1]))
    elif step == "export":
        result = export(place, int(rest[0]))
    else:
        ids, threads = json.loads(Path(rest[-2]).read_text(encoding="utf-8")), int(rest[-1])
        result = (
            score_torch(place, ids, threads) if step == "torch" else score_onnx(place, int(rest[0]), ids, threads)
        )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
