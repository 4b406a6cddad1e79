"""Importers for what annotators and other harnesses write, and what their labels mean."""

from guardrank.annotations.labels import Label, LabelRule, bounds, lower_median
from guardrank.annotations.mapping import parse_mapping
from guardrank.annotations.parsing import RowParser
from guardrank.annotations.questions import Question, find_question, load_questions
from guardrank.annotations.reading import RejectedRowsWarning, read_records
from guardrank.annotations.sources import Source, cluster_of, final_fields, load_sources

__all__ = [
    "Label",
    "LabelRule",
    "Question",
    "RejectedRowsWarning",
    "RowParser",
    "Source",
    "bounds",
    "cluster_of",
    "final_fields",
    "find_question",
    "load_questions",
    "load_sources",
    "lower_median",
    "parse_mapping",
    "read_records",
]
