"""``guardrank-serve``: judges behind HTTP, from the command line to uvicorn.

options ──> settings, judges ──create_app──> uvicorn, until SIGTERM; what was accepted is answered
"""

from __future__ import annotations

from typing import Annotated

import typer

from guardrank.console import DebugOption, VersionOption, new_app, run, say
from guardrank.errors import MissingExtraError, UsageError
from guardrank.judge import HeadJudge, load_judge
from guardrank.judge.loading import DEFAULT_JUDGE
from guardrank.serve.http.settings import MIB, ServiceSettings, check_host, read_token

HELP = """Judges behind HTTP: scores, OpenAI's moderation form, metrics, a page to try them.

\b
  guardrank-serve                                          # guardrank-mini on http://127.0.0.1:8000
  guardrank-serve --judge judges/toxicity --judge guardrank-mini --port 9000
  GUARDRANK_TOKEN=... guardrank-serve --host 0.0.0.0
  curl -s localhost:8000/v1/score -H 'Content-Type: application/json' \\
      -d '{"records": [{"prompt": "Hi", "response": "Hello!", "dimension": "toxicity"}]}'

Several judges: each record goes to the first that judges its dimension, or to the one that the request names.
With a token in GUARDRANK_TOKEN every request must carry it as a bearer token, but for /healthz, /readyz and the
pages; without one only this machine is listened to. SIGTERM ends the service after all that it has accepted is
answered.
"""

app = new_app(HELP)


@app.command(help=HELP)
def serve(
    judge: Annotated[list[str] | None, typer.Option(help="A judge folder, hub id, or the package's judge.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    no_token: Annotated[bool, typer.Option("--no-token", help="Let other machines in without a token.")] = False,
    variant: Annotated[str | None, typer.Option(help="torch, or an export: int8, int4, fp32.")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Rows scored side by side; the cores there are.")
    ] = None,
    batch_window: Annotated[float, typer.Option(min=0, help="Milliseconds that a batch waits for company.")] = 5.0,
    queue_rows: Annotated[
        int, typer.Option(min=1, help="Records that may wait; more are refused with 503.")
    ] = 2_048,
    max_body: Annotated[float, typer.Option(min=0.001, help="MiB of a request.")] = 8.0,
    max_rows: Annotated[int, typer.Option(min=1, help="Records in a request.")] = 1_000,
    max_chars: Annotated[int, typer.Option(min=1, help="Characters of a text.")] = 200_000,
    log_texts: Annotated[
        bool, typer.Option("--log-texts", help="Log what was judged; no text is logged unless asked.")
    ] = False,
    version: VersionOption = False,  # noqa: ARG001 (a callback reads it)
    debug: DebugOption = False,  # noqa: ARG001 (read elsewhere)
) -> None:
    """The options of ``guardrank-serve``."""
    token = read_token()
    check_host(host, token, open_to_all=no_token)
    settings = ServiceSettings(
        window=batch_window / 1000,
        queue_rows=queue_rows,
        body_bytes=int(max_body * MIB),
        rows=max_rows,
        chars=max_chars,
        token=token,
        log_texts=log_texts,
    )
    try:
        from guardrank.serve.http.app import create_app
        from guardrank.serve.http.draining import serve_until_told
    except ImportError:
        raise MissingExtraError("serving over HTTP", "serve") from None
    judges, cards = _open(judge or [DEFAULT_JUDGE], variant, threads)
    serve_until_told(create_app(judges, settings, cards), host, port)


def _open(names: list[str], variant: str | None, threads: int | None) -> tuple[list[HeadJudge], dict[str, str]]:
    judges: list[HeadJudge] = []
    cards: dict[str, str] = {}
    for name in names:
        judge = load_judge(name, variant=variant, threads=threads)
        if judge.manifest.own_labels:
            raise UsageError(f"judge {name} has labels of its own, which are no scores of a dimension")
        say(f"Judge {judge.name} ({', '.join(sorted(judge.dimensions))}; {judge.variant})")
        judges.append(judge)
        if judge.folder and (card := judge.folder / "README.md").is_file():
            cards[judge.name] = card.read_text("utf-8")
    return judges, cards


def main() -> None:
    """Entry point."""
    run(app)


if __name__ == "__main__":
    main()
