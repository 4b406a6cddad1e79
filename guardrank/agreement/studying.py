"""What ``guardrank-agree study`` does from settings to files: conduct, write, tell.

study/study.json     everything found; the same inputs give the same file but for ``created``
study/report.html    the same to look at
study/verdicts/      what judge folders said, so that they need not say it again
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from guardrank.agreement.asked import fitting_questions
from guardrank.agreement.raters import chat_settings, parse_specs
from guardrank.agreement.report import write_report
from guardrank.agreement.results import Study
from guardrank.agreement.rows import read_rows
from guardrank.agreement.settings import StudySettings
from guardrank.agreement.study import Finding, conduct
from guardrank.agreement.study_table import plain, print_study
from guardrank.annotations import load_questions
from guardrank.console import say, warn
from guardrank.errors import GuardRankError, UsageError
from guardrank.llm_judge import estimate


def make_study(settings: StudySettings) -> Study:
    """Conduct a study, write it, and print its table.

    Raises:
        UsageError: something was asked for that cannot be.
        GuardRankError: no row has a label, or no judge scored any; or, with ``strict``, a row was rejected or
            failed.
    """
    _open_folder(settings.output)
    finding = conduct(settings)
    study = finding.study
    _write(settings.output / "study.json", study)
    print_study(study, Console())
    report = settings.output / "report.html"
    write_report(study, report)
    _tell(finding, settings)
    say(f"Report: {report}; all figures: {settings.output / 'study.json'}")
    failed = sum(sum(rater.failures.values()) for rater in study.raters)
    if settings.strict and (failed or study.rejected):
        raise GuardRankError(f"--strict: {study.rejected:,} rejected, {failed:,} without a score")
    return study


def tell_costs(settings: StudySettings) -> None:
    """Print what the chat models of a study would cost; nothing is sent, and nothing is scored.

    Raises:
        UsageError: no judge is a chat model, or something was asked for that cannot be.
    """
    specs = [spec for spec in parse_specs(settings.judges) if spec.kind == "openai"]
    if not specs:
        raise UsageError("--dry-run says what chat models would cost: name one with --judge openai:MODEL")
    _open_folder(settings.output)
    rows = read_rows(settings)
    for spec in specs:
        cost = estimate(chat_settings(spec, rows.asked, settings), rows.records)
        Console(soft_wrap=True).print(plain(f"{spec.name}: {cost}"))


def _open_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: give a folder with -o")
    folder.mkdir(parents=True, exist_ok=True)


def _write(path: Path, study: Study) -> None:
    """Write so that a kill leaves the old file or the new one, never half of one."""
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_text(study.model_dump_json(indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


def _tell(finding: Finding, settings: StudySettings) -> None:
    rows = finding.rows
    if rows.left_out:
        say(f"{rows.left_out:,} rows of another split than {settings.split} left out")
    if rows.rejects.left_out:
        say(f"{rows.rejects.left_out:,} rows of other dimensions left out")
    if rows.rejects.count:
        warn(rows.rejects.summary())
    sources = {record.source for record in rows.records}
    question = rows.asked.question
    if question is None:
        if fitting := fitting_questions(load_questions().items(), sources):
            say(f"What these rows' annotators were asked is known: --question {' or '.join(fitting)}")
    elif question.sources and not sources <= set(question.sources):
        warn(f"Not all rows are of {', '.join(question.sources)}, which {rows.asked.name} was asked of")
