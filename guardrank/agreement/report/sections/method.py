"""Method and origin: what the figures mean, and what is needed to get them again."""

from __future__ import annotations

from markupsafe import Markup

from guardrank.agreement.report.blocks import Cell, Prose, Row, Section, Table
from guardrank.agreement.report.untrusted import name
from guardrank.agreement.results import Study


def method(study: Study) -> Section:
    """How, from which bytes, with which software."""
    return Section("method", "Method and origin", (Prose(_how(study)), _data(study), _origin(study)))


def _how(study: Study) -> tuple[str, ...]:
    return (
        "Each figure compares a rater's scores with people's agreed labels on the rows that have both. A row "
        "without a score is in no figure and is never counted as a score; such rows are counted at the top.",
        f"Intervals are 95 % bootstrap intervals over prompts (images, where rows name one): in each of "
        f"{study.resamples:,} resamples all rows of a prompt are drawn together, as their labels depend on each "
        f"other. Rater against rater is paired: both are measured on the same rows and the same resamples.",
        "A figure is undecided with fewer than 30 prompts or fewer than 20 labels above 0, a difference also where "
        "its interval holds zero. How many more prompts would settle a difference is an estimate: it takes the "
        "difference as it is and an interval that narrows with the root of their number.",
    )


def _data(study: Study) -> Table:
    rows = [
        Row(name(file.name, 80), (Cell(f"{file.rows:,}"), Cell(name(file.sha256, 64), tone="words")))
        for file in study.data
    ]
    return Table("Data", ("File", "Rows", "SHA-256"), tuple(rows))


def _origin(study: Study) -> Table:
    facts = {
        "Question": name(study.question, 120),
        "Classes": Markup(", ").join(name(each, 40) for each in study.classes[:20]),
        "Command": Markup("<code>{}</code>").format(name(study.command, 2_000)),
        "Seed": name(str(study.seed)),
        "Resamples": f"{study.resamples:,}",
        "Made": name(study.created, 40),
        "Versions": Markup(", ").join(
            Markup("{} {}").format(name(package, 40), name(version, 40))
            for package, version in study.versions.items()
        ),
    }
    rows = [Row(key, (Cell(value, tone="words"),)) for key, value in facts.items()]
    return Table("How to get it again", ("What", "Value"), tuple(rows))
