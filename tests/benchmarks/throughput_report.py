"""The tables of throughput.py: speed and answers of every contender, ratios within rounds, the machine's limit."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from contenders import OURS, REFERENCE, describe_setting
from measurement import environment, markdown_table
from throughput_run import Measured, Track

_HEADINGS = (
    "contender",
    "setting",
    "rows/s",
    f"{OURS} is faster by",
    "largest difference in probability",
    "decisions flipped",
    "moves with batch mates",
)
_REASON = 300
"""Characters of a failure's reason in the table; the JSON file has it all."""
_PRECISIONS = ("float32", "bf16", "int8")


def tables(measured: Measured) -> str:
    """One shape's part: texts, contenders, who is ahead, the limit, notes."""
    parts = [
        f"### {measured.plan.shape}",
        _texts_line(measured),
        markdown_table(_HEADINGS, [_row(track, measured) for track in measured.tracks.values()]),
        _ahead_line(measured),
        _limit_table(measured),
        _operations_line(measured),
        _notes(measured),
    ]
    return "\n\n".join(part for part in parts if part)


def markdown_section(measured: Sequence[Measured]) -> str:
    """The section for docs/benchmarks.md: where it ran, with what, and every shape's part."""
    where = environment()
    versions = where["versions"] | _versions(measured)
    listed = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()) if number)
    head = (
        f"## Throughput\n\n{where['processor']}, {where['cores']} cores, {measured[0].plan.threads} threads, "
        f"{where['platform']}, {where['date']}, commit {str(where['commit'])[:12]}"
        f"{' with uncommitted changes' if where['uncommitted_changes'] else ''}.\n"
        f"Python {where['python']}, {listed}.\n\n```\n{where['command']}\n```"
    )
    return "\n\n".join([head, *map(tables, measured)]) + "\n"


def _versions(measured: Sequence[Measured]) -> dict[str, str]:
    pilots = [track.pilot for one in measured for track in one.tracks.values()]
    return {name: number for pilot in pilots for name, number in pilot.get("versions", {}).items()}


def _texts_line(measured: Measured) -> str:
    texts = measured.texts
    quantiles = ", ".join(f"{float(q):.0%} {tokens:.0f}" for q, tokens in texts["quantiles"].items())
    return (
        f"{texts['rows']:,} texts, {texts['mean_tokens']:.1f} tokens each on average (quantiles: {quantiles}; "
        f"vocabulary {texts['vocabulary']:,}). Cut at 256 tokens: {texts['cut_by_transformers']} by transformers, "
        f"{texts['cut_by_guardrank']} by GuardRank; {texts['read_differently']} rows are other tokens to "
        f"GuardRank than to transformers. Median (lowest-highest) of {measured.plan.rounds} rounds; ratios are "
        "taken within a round."
    )


def _row(track: Track, measured: Measured) -> list[object]:
    if track.problem:
        reason = track.problem.replace("|", "\\|")[:_REASON]
        return [track.name, describe_setting(track.pilot.get("setting", {})), f"failed: {reason}", "", "", "", ""]
    check = track.check
    return [
        track.name,
        describe_setting(track.pilot["setting"]),
        spread(track.speeds, 1),
        spread(ratios(measured, track.name), 2) if track.name != OURS else "",
        f"{check['largest_difference']:.1e}",
        f"{check['flipped']:.1%}",
        f"{check['moves_with_batch_mates']:.1e}",
    ]


def ratios(measured: Measured, name: str) -> list[float]:
    """Our speed over that of ``name``, round by round; empty where ours or theirs failed."""
    ours = measured.tracks.get(OURS)
    if ours is None or ours.problem:
        return []
    return [mine / theirs for mine, theirs in zip(ours.speeds, measured.tracks[name].speeds, strict=True)]


def spread(values: Sequence[float], digits: int) -> str:
    """``median (lowest-highest)``; empty without values."""
    if not values:
        return ""
    median, low, high = statistics.median(values), min(values), max(values)
    return f"{median:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


def _ahead_line(measured: Measured) -> str:
    """Who comes closest to ours, and whether ours is ahead of it in every round."""
    others = [track for track in measured.tracks.values() if not track.problem and "guardrank" not in track.name]
    found = {track.name: ratios(measured, track.name) for track in others}
    if not any(found.values()):
        return ""
    closest = min(found, key=lambda name: statistics.median(found[name]))
    behind = sorted(name for name, values in found.items() if min(values) <= 1)
    ahead = f"behind {', '.join(behind)} in a round or more" if behind else "ahead of every other in every round"
    return f"{OURS} is {ahead}; closest is {closest}: {spread(found[closest], 2)} times as fast."


def _limit_table(measured: Measured) -> str:
    headings = ["products in", "best rate, GOP/s", "responses/s at that rate", f"share that {OURS} reaches"]
    return markdown_table(headings, [_limit_row(measured, precision) for precision in _PRECISIONS])


def _limit_row(measured: Measured, precision: str) -> list[object]:
    best = [max(limit[precision].values()) for limit in measured.limits]
    allowed = [rate / measured.operations["full"] for rate in best]
    ours = measured.tracks.get(OURS)
    speeds = ours.speeds if ours and not ours.problem else []
    reached = [speed / bound for speed, bound in zip(speeds, allowed[: len(speeds)], strict=True)]
    return [precision, spread([rate / 1e9 for rate in best], 0), spread(allowed, 1), spread(reached, 2)]


def _operations_line(measured: Measured) -> str:
    full, needed = (measured.operations[key] / 1e9 for key in ("full", "needed"))
    return (
        f"The limit: {full:,.2f} billion operations per response (2 x weights of the linear layers x tokens, and "
        f"4 x tokens^2 x hidden a layer for attention) at the best rate measured in the same round over a layer's "
        f"own matrices with 512 rows. Of the last layer only the first token is needed, which leaves {needed:,.2f} "
        "billion; the table counts the full model."
    )


def _notes(measured: Measured) -> str:
    """What a reader must know beside the figures."""
    return "\n".join(f"- {line}" for line in _note_lines(measured))


def _note_lines(measured: Measured) -> list[str]:
    tracks = measured.tracks.values()
    lines = [f"{track.name}: {track.pilot['note']}." for track in tracks if track.pilot.get("note")]
    if REFERENCE in measured.tracks and measured.tracks[REFERENCE].runs:
        lines.append(f"{REFERENCE} scored {measured.tracks[REFERENCE].runs[0]['rows']} of the rows.")
    lines.append(_others_line(measured))
    lines.append(
        "Differences and flipped decisions are against torch float32 of each row alone, over the rows that the "
        'contender scored; "moves with batch mates" is the largest change of a probability when a random half '
        "of the rows is scored without the others."
    )
    if measured.plan.shape != "embedded":
        lines.append(
            "Weights are random, so differences show rounding in a network of this depth, not what a trained one "
            "would lose; the tokenizer is trained on the English rows, so counts differ a little from the "
            "published one's."
        )
    return lines


def _others_line(measured: Measured) -> str:
    """Whether the machine was idle otherwise."""
    runs = [(run["other_cores"], track.name) for track in measured.tracks.values() for run in track.runs]
    known = [(cores, name) for cores, name in runs if cores is not None]
    if not known:
        return "What other processes took of the cores is not known here."
    most, name = max(known)
    median = statistics.median(cores for cores, _ in known)
    return (
        f"While a contender was on the clock, other processes kept {median:.2f} cores busy (median of all runs; "
        f"at most {most:.2f}, beside {name})."
    )
