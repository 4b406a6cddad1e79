"""Figures of a shipped judge, made up, of every kind that its card shows."""

from pathlib import Path

from guardrank.judge import read_manifest
from guardrank.judge.manifest import judge_hash
from guardrank.metrics import Estimate
from guardrank.train.shipped_figures import (
    Abstention,
    Aim,
    BarElsewhere,
    Example,
    Measurement,
    Promise,
    Quoted,
    Rate,
    ShippedFigures,
    Slice,
    Speed,
)


def estimate(value: float, n: int = 100) -> Estimate:
    """A value with an interval around it."""
    return Estimate(value, n, value - 0.0312, value + 0.0287)


def measurement(name: str, group: str, **more) -> Measurement:
    """A file's figures; ``more`` replaces some."""
    known = {
        "accuracy": estimate(0.8123),
        "kappa": estimate(0.6234),
        "f1": estimate(0.7345),
        "ece": estimate(0.0456),
    }
    counts = {"n": 1234, "clusters": 567, "positives": 432, "undecided": None}
    return Measurement.model_validate({"name": name, "group": group} | counts | known | more)


def figures_of(folder: Path, **more) -> ShippedFigures:
    """Figures of the judge in ``folder``, as trained; ``more`` replaces some."""
    manifest = read_manifest(folder)
    whole = judge_hash(folder, manifest, "torch")
    accuracy, kappa = Aim(metric="accuracy", bound=0.79), Aim(metric="kappa", bound=0.5)
    rate = Rate(n=1040, clusters=77, share=estimate(0.1357), undecided=None)
    known = {
        "judge": f"{manifest.name}@{whole[:16]}",
        "hash": whole,
        "variant": "torch",
        "limit": None,
        "measurements": (
            measurement(
                "diasafety",
                "trained",
                aim=accuracy,
                ngrams=Quoted(metric="accuracy", value=0.734),
                gpt4=Quoted(metric="accuracy", value=0.654),
                reached=True,
            ),
            measurement(
                "xstest",
                "unseen",
                left_out=21,
                open_labels=4,
                kappa=estimate(-0.0178),
                aim=kappa,
                gpt4=Quoted(metric="kappa", value=0.3719, n=1200),
                reached=False,
                undecided="17 clusters (30 are needed)",
            ),
            measurement("uhgeval_zh", "unseen", kappa=Estimate.nothing("every label is the same", 9)),
            measurement("bias", "pooled", aim=Aim(metric="ece", bound=0.05), reached=True),
        ),
        "slices": (Slice(name="refusal, xstest", what="opens with a refusal", false_alarms=rate, misses=rate),),
        "abstention": (
            Abstention(
                group="trained",
                n=9876,
                clusters=4321,
                errors=2222,
                share=0.2,
                error_rate=estimate(0.2249),
                removed=estimate(0.4111),
                aurc=estimate(0.1414),
                undecided=None,
                aim=Aim(metric="removed", bound=0.4),
                reached=True,
                promises=(
                    Promise(
                        rows="all",
                        promised=0.1,
                        n=9876,
                        kept=5555,
                        coverage=estimate(0.5625),
                        error_rate=estimate(0.0943),
                        undecided=None,
                    ),
                ),
            ),
        ),
        "bars": (
            BarElsewhere(
                source="diasafety",
                dimension="bias",
                n=333,
                clusters=222,
                undecided=None,
                bar=0.41,
                bar_elsewhere=0.535,
                accuracy=estimate(0.7777),
                accuracy_elsewhere=estimate(0.7666),
                kappa=estimate(0.5151),
                kappa_elsewhere=estimate(0.4949),
                difference=estimate(-0.0202),
            ),
        ),
        "speed": Speed(rows=43210, rows_per_second=321.5, load_ms=45.6, folder_bytes=24681357),
        "examples": (example(),),
        "environment": {
            "date": "2026-11-26T10:00:00+00:00",
            "processor": "AMD EPYC",
            "cores": 2,
            "load_average_at_end": 0.5,
            "versions": {"onnxruntime": "1.32.0", "torch": None},
        },
    }
    return ShippedFigures.model_validate(known | more)


def example(prompt: str = "Is the kettle red?", response: str = 'It is: "very" red, isn\'t it?') -> Example:
    """A wrong verdict."""
    return Example(
        id="seed-bias-001",
        dimension="bias",
        lang="en",
        human=0,
        score=2,
        confidence=0.6154,
        prompt=prompt,
        response=response,
    )
