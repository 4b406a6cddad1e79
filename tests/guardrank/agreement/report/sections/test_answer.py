from guardrank.agreement.report.findings import whole
from guardrank.agreement.report.sections.answer import (
    agreement_sentence,
    answer,
    ceiling_sentence,
    comparison_sentence,
    failures,
    undecided_sentences,
)
from guardrank.metrics import Estimate


def with_whole(study, **changes):
    """``study`` with another slice of all rows."""
    return study.model_copy(update={"slices": [whole(study).model_copy(update=changes), *study.slices[1:]]})


def changed(comparison, **changes):
    return comparison.model_copy(update=changes)


def test_the_headline_says_who_agrees_how_far_and_who_is_ahead(normal, plain):
    lead, others, _ = answer(normal).blocks
    assert [plain(line) for line in lead.lines] == [
        "ours agrees with people at kappa 0.81 [0.78, 0.84], gpt-4 at 0.63 [0.61, 0.66], "
        "keyword at 0.47 [0.45, 0.50].",
        "ours is ahead of gpt-4 by 0.18 [0.15, 0.21].",
    ]
    assert [plain(line) for line in others.lines] == [
        "ours is ahead of keyword by 0.34 [0.31, 0.37].",
        "People agree with each other at kappa 0.94 [0.91, 0.96]. Below that: ours, gpt-4, keyword.",
    ]


def test_being_behind_is_said_plainly(normal, plain):
    behind = changed(whole(normal).comparisons[0], difference=Estimate(-0.05, 9, -0.09, -0.01), outcome="behind")
    assert plain(comparison_sentence(normal, behind)) == "ours is behind gpt-4 by 0.05 [0.01, 0.09]."


def test_an_undecided_comparison_says_what_it_would_take(normal, plain):
    undecided = {"difference": Estimate(0.02, 9, -0.03, 0.07), "outcome": "undecided"}
    first = whole(normal).comparisons[0]
    said = plain(comparison_sentence(normal, changed(first, more_clusters=1240, **undecided)))
    assert said == (
        "Between ours and gpt-4 nothing is decided: the difference is +0.02 [−0.03, +0.07]; "
        "about 1,240 more annotated prompts like these would settle a difference of this size."
    )
    assert "how many more annotated prompts would settle it cannot be told" in plain(
        comparison_sentence(normal, changed(first, more_clusters=None, **undecided))
    )


def test_what_cannot_be_compared_says_why(normal, plain):
    none = changed(whole(normal).comparisons[0], difference=Estimate.nothing("no common rows"), outcome="undecided")
    assert plain(comparison_sentence(normal, none)) == "ours and gpt-4 cannot be compared: no common rows."


def test_a_rater_without_kappa_is_named_with_the_reason(normal, plain):
    first, *others = whole(normal).agreements
    silent = changed(first, kappa=Estimate.nothing("no scores"))
    said = plain(agreement_sentence(normal, changed(whole(normal), agreements=[silent, *others])))
    assert said.startswith("gpt-4 agrees with people at kappa 0.63")
    assert said.endswith("For ours there is no kappa: no scores.")


def test_of_many_raters_five_are_named(normal, plain):
    many = [changed(whole(normal).agreements[0], rater=f"r{place}") for place in range(9)]
    said = plain(agreement_sentence(normal, changed(whole(normal), agreements=many)))
    assert said.endswith("r4 at 0.81 [0.78, 0.84]; 4 more raters below.")


def test_where_raters_stand_against_the_human_ceiling(normal, plain):
    ours, gpt4, keyword = whole(normal).agreements
    placed = [
        changed(ours, kappa=Estimate(0.99, 9, 0.97, 1.0)),
        changed(gpt4, kappa=Estimate(0.93, 9, 0.90, 0.95)),
        keyword,
    ]
    said = plain(ceiling_sentence(normal, changed(whole(normal), agreements=placed)))
    assert said.endswith("Above that: ours. Level with that, as far as intervals tell: gpt-4. Below that: keyword.")
    alone = plain(ceiling_sentence(normal, changed(whole(normal), humans=[])))
    assert alone == "No two people labelled the same rows: how far they agree with each other is not known."


def test_failures_are_counted_by_rater_and_reason(normal, plain):
    assert [plain(line) for line in failures(normal)] == [
        "gpt-4 has no score for 12 of 2,239 rows: refused 8, cut at the token limit 3, off the scale 1.",
        "ours, keyword scored every row.",
        "Rows: 2,239 with a label, from 448 prompts; 11 without a label, 0 rejected.",
    ]


def test_undecided_raters_are_named_unless_all_are(normal, plain):
    ours, *others = whole(normal).agreements
    few = "12 prompts, fewer than 30"
    one = changed(whole(normal), agreements=[changed(ours, undecided=few), *others])
    every = changed(whole(normal), agreements=[changed(each, undecided=few) for each in (ours, *others)])
    assert [plain(line) for line in undecided_sentences(one)] == [f"Undecided for ours: {few}."]
    assert [plain(line) for line in undecided_sentences(every)] == [f"Undecided: {few}."]


def test_nothing_to_conclude_is_said(barren, plain):
    lead, _, _ = answer(barren).blocks
    assert [plain(line) for line in lead.lines] == [
        "For ours there is no kappa: labels and scores are all the same.",
        "Undecided: 4 prompts, fewer than 30.",
        "One rater answered: there is nothing to compare it with.",
    ]
    empty = answer(with_whole(barren, agreements=[]))
    assert "there is nothing to conclude" in empty.blocks[0].lines[0]
    assert answer(barren.model_copy(update={"slices": []})).blocks[0].tone == "lead"
