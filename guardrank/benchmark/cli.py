"""``guardrank-bench``: from a model and a folder of images to a leaderboard.

check    what is wrong with a task folder, before an hour is spent
run      ask a model, judge its responses, print the leaderboard; a second start goes on
import   a run of what another harness has produced
report   the leaderboard of one run or several
"""

from __future__ import annotations

from guardrank.benchmark.check_command import CHECK_HELP, check
from guardrank.benchmark.import_command import IMPORT_HELP, import_
from guardrank.benchmark.report_command import REPORT_HELP, report
from guardrank.benchmark.run_command import RUN_HELP, run_benchmark
from guardrank.console import VersionOption, new_app, run

HELP = """From a model and a folder of images to a leaderboard.

\b
  guardrank-bench check tasks/
  guardrank-bench run --model hf:llava-hf/llava-1.5-7b-hf --tasks tasks/ -o runs/llava
  guardrank-bench run --model openai:gpt-4o --tasks tasks/ --attack typographic --max-cost 20 -o runs/gpt-4o
  guardrank-bench import results/ -o runs/
  guardrank-bench report runs/llava runs/gpt-4o -o report/
"""

app = new_app(HELP)


@app.callback(no_args_is_help=True)
def bench(version: VersionOption = False) -> None:
    """Options of the command itself."""


app.command(help=CHECK_HELP)(check)
app.command("run", help=RUN_HELP)(run_benchmark)
app.command("import", help=IMPORT_HELP)(import_)
app.command(help=REPORT_HELP)(report)


def main() -> None:
    """Entry point."""
    run(app)


if __name__ == "__main__":
    main()
