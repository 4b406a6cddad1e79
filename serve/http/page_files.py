"""The page at ``/``: a few static files, with a policy that lets it load nothing else and talk to nobody else."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI, Response

KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add_page(app: FastAPI) -> None:
    """Serve ``/`` and ``/page/NAME``; only names that the package has exist."""
    folder = files("guardrank.serve.http") / "page"
    known = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(tuple(KINDS))}

    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return _file(known, "index.html")

    @app.get("/page/{name}", include_in_schema=False)
    async def part(name: str) -> Response:
        return _file(known, name) if name in known else Response(status_code=404)


def _file(known: dict[str, bytes], name: str) -> Response:
    kind = KINDS[name[name.rindex(".") :]]
    return Response(known[name], media_type=f"{kind}; charset=utf-8", headers=HEADERS)
