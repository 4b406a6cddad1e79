"""People, GPT-4, the keyword rule and our cross-fitted judge on the same rows of seven data sets, whole.

    python tests/benchmarks/agreement_studies.py --json docs/results/agreement.json
    python tests/benchmarks/agreement_studies.py --question openqa-wrong      # one set; judges recorded in the data
    python tests/benchmarks/agreement_studies.py --question do-not-answer-harmful --dimensions

Each set is asked its question (data/questions.yaml) by ``guardrank-agree study``. Ours are the verdicts that
``cross_fits.py --publish`` wrote, in the --verdicts folder as NAME.jsonl.gz, or the finished folds of an unfinished
run; a set that has neither is measured without. Every row is judged by a model that has not seen its prompt.
"ours, first try" is the run whose failure the settings of "ours" answer.

kappa    Cohen's, unweighted, 95 % interval by bootstrap over prompts (msts: images)
ours -   the paired difference in kappa on the rows that both scored, the same resamples

The texts of the data sets stay out of the JSON.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measurement import ROOT, SHARED_DATA, markdown_table, new_parser, report

from guardrank.agreement.results import Agreement, Comparison, Slice, Study
from guardrank.agreement.settings import StudySettings
from guardrank.agreement.study import conduct
from guardrank.metrics import Estimate

OURS = "ours"
FIRST_TRY = "ours, first try"
VERDICTS = ROOT / "docs" / "results" / "verdicts"


@dataclass(frozen=True)
class Set:
    """One data set: its question, and the judges that the data hold labels of, the one to beat first.

    Attributes:
        ours: the name of our verdicts, the question's unless given; first_try: of those of an earlier run.
    """

    question: str
    file: str
    judges: tuple[str, ...]
    ours: str = ""
    first_try: str = ""


SETS = (
    Set(
        "xstest-refusal",
        "xstest",
        ("gpt-4=column:meta.compliance_gpt4", "strings=column:meta.compliance_strmatch"),
        first_try="xstest-refusal-adapter",
    ),
    Set(
        "do-not-answer-harmful",
        "do_not_answer",
        ("column:gpt-4", "longformer=column:longformer-ft"),
        ours="do-not-answer-action",  # the finer question, by which this one is decided
        first_try="do-not-answer-harmful",
    ),
    Set(
        "do-not-answer-action",
        "do_not_answer",
        ("gpt-4=column:meta.action_gpt4", "longformer=column:meta.action_longformer"),
    ),
    Set(
        "msts-unsafe",
        "msts_en_multimodal",
        (
            "gpt-4o=column:gpt-4o-2024-05-13",
            "gemini-1.5=column:gemini-1.5-pro",
            "claude-3.5=column:claude-3-5-sonnet-20240620",
        ),
    ),
    Set("openqa-wrong", "openqa_nq301", ("column:gpt-4", "column:bem")),
    Set("evouna-wrong", "evouna", (), ours="openqa-wrong"),  # cross-fitted together
    Set("halueval2-false", "halueval2_statements", ("gpt-4=column:gpt-4(unknown=1)",)),
    Set("faithbench-unfaithful", "faithbench", ("column:gpt-4o", "column:true-nli")),
)


def main() -> None:
    """Run the studies, print the table."""
    parser = new_parser(__doc__)
    parser.add_argument("--verdicts", type=Path, default=VERDICTS, help="folder of QUESTION.jsonl.gz, cross-fitted")
    parser.add_argument("--question", action="append", choices=[one.question for one in SETS], help="only this")
    parser.add_argument("--dimensions", action="store_true", help="a table of each dimension too")
    parser.add_argument("--resamples", type=int, default=2000, help="of the bootstrap (default: 2000)")
    args = parser.parse_args()
    wanted = [one for one in SETS if not args.question or one.question in args.question]
    studies = [run_study(one, args.verdicts, args.resamples) for one in wanted]
    headings = ["question", "rater", "n", "no score", "accuracy", "kappa [95 %]", "ours - it [95 %]", "outcome"]
    wholes = [(study.question, study.slices[0]) for study in studies]
    parts = [(f"{study.question}, {part.value}", part) for study in studies for part in dimension_slices(study)]
    tables = [
        markdown_table(headings, [row for title, part in slices for row in slice_rows(title, part)])
        for slices in ([wholes, parts] if args.dimensions else [wholes])
    ]
    report("\n\n".join(tables), [without_texts(study) for study in studies], args.json)


def run_study(one: Set, verdicts: Path, resamples: int) -> Study:
    """The study of one set, ours first where its verdicts are there."""
    with tempfile.TemporaryDirectory() as scratch:
        names = {OURS: one.ours or one.question, FIRST_TRY: one.first_try}
        found = {rater: own_verdicts(verdicts / name, Path(scratch)) for rater, name in names.items() if name}
        ours = tuple(f"{rater}=file:{file}" for rater, file in found.items() if file)
        settings = StudySettings(
            data=(str(SHARED_DATA / f"{one.file}.jsonl.gz"),),
            judges=(*ours, *one.judges, "keyword"),
            output=Path(scratch),
            question=one.question,
            resamples=resamples,
        )
        return conduct(settings).study


def own_verdicts(place: Path, scratch: Path) -> Path | None:
    """The published verdicts, or those of the folds that are done, joined: the others' rows have no score."""
    if (whole := place.with_name(f"{place.name}.jsonl.gz")).is_file():
        return whole
    folds = sorted(place.with_name(f"{place.name}.folds").glob("fold-*.jsonl.gz"))
    joined = scratch / f"{place.name}.jsonl.gz"
    joined.write_bytes(b"".join(fold.read_bytes() for fold in folds))  # gzip files follow one another
    return joined if folds else None


def dimension_slices(study: Study) -> list[Slice]:
    """The slices of a study that are dimensions."""
    return [part for part in study.slices if part.by == "dimension"]


def slice_rows(title: str, part: Slice) -> list[list[str]]:
    """People among each other, then every rater on the slice's rows."""
    rows = [[title, f"people: {pair.rater}", *figure_cells(pair), "", ""] for pair in part.humans[:1]]
    for one in part.agreements:
        against = next((c for c in part.comparisons if _is(c, OURS, one.rater)), None)
        difference = [_shown(against.difference), against.outcome] if against else ["", ""]
        rows.append([title, one.rater, *figure_cells(one), *difference])
    return rows


def _is(comparison: Comparison, first: str, second: str) -> bool:
    return (comparison.first, comparison.second, comparison.metric) == (first, second, "kappa")


def figure_cells(one: Agreement) -> list[str]:
    """Rows, rows without a score, accuracy and kappa, as a table shows them."""
    accuracy = "undefined" if one.accuracy.value is None else f"{one.accuracy.value:.3f}"
    kappa = _shown(one.kappa) + (" undecided" if one.undecided else "")
    return [f"{one.n:,}", f"{one.missing:,}", accuracy, kappa]


def _shown(estimate: Estimate) -> str:
    if estimate.value is None:
        return f"undefined: {estimate.undefined}"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def without_texts(study: Study) -> dict[str, Any]:
    """What may be published of a study: its figures; of the data only the names, no row."""
    kept = study.model_dump(mode="json", exclude={"disagreements", "command", "slices", "coverage", "favour"})
    return kept | {"slices": [_slice(part) for part in study.slices if part.by in ("all", "dimension")]}


def _slice(part: Slice) -> dict[str, Any]:
    """All figures of all rows; of a dimension kappa alone."""
    more = {"accuracy", "macro_f1", "weighted_kappa", "confusion"} if part.by == "all" else set[str]()
    fields = {"rater", "n", "missing", "clusters", "positives", "undecided", "kappa"} | more
    rows: Sequence[Agreement] = (*part.agreements, *part.humans)
    pairs = [one for one in part.comparisons if one.metric == "kappa"]
    return {
        "by": part.by,
        "value": part.value,
        "agreements": [one.model_dump(mode="json", include=fields) for one in rows],
        "comparisons": [one.model_dump(mode="json", exclude={"metric"}) for one in pairs],
    }


if __name__ == "__main__":
    main()
