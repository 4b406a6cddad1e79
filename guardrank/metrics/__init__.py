"""ASD, PAR, the pair tasks and ordinal agreement: numpy functions, each value with its 95 % interval."""

from guardrank.metrics.agreement import quadratic_weighted_kappa
from guardrank.metrics.answers import read_answer
from guardrank.metrics.estimate import Estimate
from guardrank.metrics.intervals import mean_estimate, mean_of_parts, wilson_interval
from guardrank.metrics.matching import Half, MatchedPairs, match_pairs
from guardrank.metrics.options import parse_options
from guardrank.metrics.pairs import PairRate, noise_consistency, position_swapping
from guardrank.metrics.rates import MLLMGUARD, asd, par
from guardrank.metrics.summary import SummaryRow
from guardrank.metrics.tally import By, Tally

__all__ = [
    "MLLMGUARD",
    "By",
    "Estimate",
    "Half",
    "MatchedPairs",
    "PairRate",
    "SummaryRow",
    "Tally",
    "asd",
    "match_pairs",
    "mean_estimate",
    "mean_of_parts",
    "noise_consistency",
    "par",
    "parse_options",
    "position_swapping",
    "quadratic_weighted_kappa",
    "read_answer",
    "wilson_interval",
]
