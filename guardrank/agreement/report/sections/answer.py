"""The answer in sentences: who agrees with people how far, who is ahead, and what stayed without a score."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Prose, Section
from guardrank.agreement.report.charts.svg import EMPTY
from guardrank.agreement.report.findings import comparisons_of, find_ceiling, rater_name, whole
from guardrank.agreement.report.numbers import counted, is_number, reason, written
from guardrank.agreement.report.untrusted import name
from guardrank.agreement.results import Agreement, Comparison, Rater, Slice, Study

NAMED = 5
"""How many raters the first sentence names."""


def answer(study: Study) -> Section:
    """The headline and what belongs to it."""
    part = whole(study)
    if part is None or not part.agreements:
        lead = (Markup("No rater has a score on a labelled row: there is nothing to conclude."),)
        return Section("answer", "The answer", (Prose(lead, "lead"), Prose(failures(study))))
    first, *others = [*comparison_sentences(study, part), ceiling_sentence(study, part)]
    blocks = (
        Prose((agreement_sentence(study, part), *undecided_sentences(part), first), "lead"),
        Prose(tuple(others)),
        Prose(failures(study), "note"),
    )
    return Section("answer", "The answer", blocks)


def agreement_sentence(study: Study, part: Slice) -> Markup:
    """``ours agrees with people at kappa 0.81 [0.78, 0.84], gpt-4 at 0.63 [0.61, 0.66].``"""
    known = [each for each in part.agreements if is_number(each.kappa.value)]
    sentences = []
    if known:
        first = Markup("{} agrees with people at kappa <strong>{}</strong>").format(
            rater_name(study, known[0].rater), written(known[0].kappa)
        )
        others = [
            Markup(", {} at <strong>{}</strong>").format(rater_name(study, each.rater), written(each.kappa))
            for each in known[1:NAMED]
        ]
        more = f"; {counted(len(known) - NAMED, 'more rater')} below." if len(known) > NAMED else "."
        sentences.append(first + EMPTY.join(others) + more)
    sentences += [
        Markup("For {} there is no kappa: {}.").format(rater_name(study, each.rater), reason(each.kappa))
        for each in part.agreements
        if not is_number(each.kappa.value)
    ]
    return Markup(" ").join(sentences)


def undecided_sentences(part: Slice) -> list[Markup]:
    """Whose figures are too few to conclude from, and why."""
    whys = dict.fromkeys(each.undecided for each in part.agreements if each.undecided)
    every = len(part.agreements)
    return [
        Markup("Undecided{}: {}.").format(
            EMPTY if len(who) == every else Markup(" for {}").format(Markup(", ").join(map(name, who))),
            name(why, 120),
        )
        for why in whys
        if (who := [each.rater for each in part.agreements if each.undecided == why])
    ]


def comparison_sentences(study: Study, part: Slice) -> list[Markup]:
    """The first rater against each other one."""
    first = next((rater.name for rater in study.raters if comparisons_of(part, rater.name)), None)
    if first is None:
        few = len(part.agreements) < 2
        return [Markup("One rater answered: there is nothing to compare it with.")] if few else []
    return [comparison_sentence(study, each) for each in comparisons_of(part, first)]


def comparison_sentence(study: Study, each: Comparison) -> Markup:
    """``ours is ahead of gpt-4 by 0.18 [0.15, 0.21].``"""
    first, second = rater_name(study, each.first), rater_name(study, each.second)
    if not is_number(each.difference.value):
        return Markup("{} and {} cannot be compared: {}.").format(first, second, reason(each.difference))
    if each.outcome == "undecided":
        return Markup("Between {} and {} nothing is decided: the difference is <strong>{}</strong>; {}.").format(
            first, second, written(each.difference, sign=True), _what_it_takes(each.more_clusters)
        )
    gap = each.difference if each.outcome == "ahead" else each.difference.scaled(-1)
    words = "is ahead of" if each.outcome == "ahead" else "is behind"
    return Markup("{} {} {} by <strong>{}</strong>.").format(first, words, second, written(gap))


def _what_it_takes(more_clusters: int | None) -> str:
    if more_clusters is None:
        return "how many more annotated prompts would settle it cannot be told"
    return f"about {more_clusters:,} more annotated prompts like these would settle a difference of this size"


def ceiling_sentence(study: Study, part: Slice) -> Markup:
    """How far people agree with each other, and who lies below, level with or above that."""
    ceiling = find_ceiling(part.humans)
    if ceiling is None:
        return Markup("No two people labelled the same rows: how far they agree with each other is not known.")
    places: dict[str, list[Agreement]] = {}
    for each in part.agreements:
        if is_number(each.kappa.value):
            places.setdefault(ceiling.place_of(each.kappa), []).append(each)
    words = {"above": "Above that", "level": "Level with that, as far as intervals tell", "below": "Below that"}
    found = [
        Markup(" {}: {}.").format(
            words[place], Markup(", ").join(rater_name(study, each.rater) for each in places[place])
        )
        for place in words
        if place in places
    ]
    start = Markup("People agree with each other at kappa <strong>{}</strong>.").format(ceiling.text)
    return start + EMPTY.join(found)


def failures(study: Study) -> tuple[Markup, ...]:
    """What is in no figure: rows without a score by rater and reason, rows without a label, rejected lines."""
    failed = [failure_sentence(rater) for rater in study.raters if rater.failures]
    whole_ones = [name(rater.name) for rater in study.raters if not rater.failures and rater.answered]
    scored = Markup("{} scored every row.").format(Markup(", ").join(whole_ones)) if whole_ones else None
    outside = Markup("Rows: {} with a label, from {}; {} without a label, {} rejected.").format(
        f"{study.rows:,}", counted(study.clusters, "prompt"), f"{study.unlabelled:,}", f"{study.rejected:,}"
    )
    return (*failed, *([scored] if scored else []), outside)


def failure_sentence(rater: Rater) -> Markup:
    """``gpt-4 has no score for 12 of 2,239 rows: refused 8, cut 4.``"""
    failed = sum(rater.failures.values())
    whys = [Markup("{} {:,}").format(name(why), count) for why, count in rater.failures.items()]
    return Markup("{} has no score for <strong>{}</strong> of {}: {}.").format(
        name(rater.name), f"{failed:,}", counted(rater.answered + failed, "row"), Markup(", ").join(whys)
    )
