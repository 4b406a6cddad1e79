"""The pages at ``/`` and ``/docs``: static files, with a policy that lets them load nothing from anyone else.

FastAPI's own /docs and /redoc load Swagger UI and ReDoc from another host, and start them by a script in the
page. Packages that carry those files bring 1.5 MB of script that sets styles of its own; docs.js does neither.
"""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI, HTTPException, Response

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
    """Serve ``/``, ``/docs`` and ``/page/NAME``; only names that the package has exist."""
    folder = files("guardrank.serve.http") / "page"
    known = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(tuple(KINDS))}

    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return _file(known, "index.html")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return _file(known, "docs.html")

    @app.get("/page/{name}", include_in_schema=False)
    async def part(name: str) -> Response:
        if name not in known:
            raise HTTPException(404)
        return _file(known, name)


def _file(known: dict[str, bytes], name: str) -> Response:
    kind = KINDS[name[name.rindex(".") :]]
    return Response(known[name], media_type=f"{kind}; charset=utf-8", headers=HEADERS)
