"""``guardrank-agree``: does a judge agree with people, and which rows should people label next?

study     judges beside people's labels on the same rows, with intervals and a report
correct   ASD and PAR of a large run from the judge and a few human labels
queue     the rows whose labels would teach most, as a Label Studio project
"""

from __future__ import annotations

from guardrank.agreement.correct_command import CORRECT_HELP, correct
from guardrank.agreement.queue_command import QUEUE_HELP, queue
from guardrank.agreement.study_command import STUDY_HELP, study
from guardrank.console import VersionOption, new_app, run

HELP = """Does a judge agree with people?

\b
  guardrank-agree study annotated.jsonl --judge judges/toxicity --judge column:gpt-4 --judge keyword -o study/
  guardrank-agree correct run.verdicts.jsonl --labels sample.jsonl
  guardrank-agree queue responses.jsonl --judge judges/toxicity -n 200 -o queue/
"""

app = new_app(HELP)


@app.callback(no_args_is_help=True)
def agree(version: VersionOption = False) -> None:
    """Options of the command itself."""


app.command(help=STUDY_HELP)(study)
app.command(help=CORRECT_HELP)(correct)
app.command(help=QUEUE_HELP)(queue)


def main() -> None:
    """Entry point."""
    run(app)


if __name__ == "__main__":
    main()
