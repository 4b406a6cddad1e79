"""The sections of the page in the order that answers the reader's question.

Each module turns a study into one ``Section``; a section without content says why instead.
"""

from __future__ import annotations

from guardrank.agreement.report.blocks import Section
from guardrank.agreement.report.sections.agreement import agreement
from guardrank.agreement.report.sections.answer import answer
from guardrank.agreement.report.sections.calibration import calibration
from guardrank.agreement.report.sections.confusion import confusion
from guardrank.agreement.report.sections.coverage import coverage
from guardrank.agreement.report.sections.disagreements import disagreements
from guardrank.agreement.report.sections.favour import favour
from guardrank.agreement.report.sections.figures import figures
from guardrank.agreement.report.sections.method import method
from guardrank.agreement.report.sections.pairs import pairs
from guardrank.agreement.report.sections.slices import slices
from guardrank.agreement.results import Study

_ORDER = (
    answer,
    agreement,
    slices,
    figures,
    pairs,
    confusion,
    calibration,
    coverage,
    favour,
    disagreements,
    method,
)


def all_sections(study: Study) -> list[Section]:
    """Every section, those that are left out included."""
    return [section(study) for section in _ORDER]
