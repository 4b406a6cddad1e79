"""A small object store that speaks as much of S3's protocol as reading needs: HEAD, GET with ranges, listing.

with object_store({"bucket/folder/r.jsonl": b"..."}) as store:
    read(store.uri("bucket/folder/"))
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
"""Environment of those who ask it."""


class Store(ThreadingHTTPServer):
    """Objects by ``bucket/key``."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects = dict(objects)
        self.fetched: list[str] = []

    def uri(self, path: str) -> str:
        """What names an object or a folder of this store."""
        return f"s3://{path}?endpoint_override=127.0.0.1:{self.server_port}&scheme=http&region=us-east-1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def do_HEAD(self) -> None:
        path = self._path()
        if path in self.server.objects:
            self._answer(200, b"", length=len(self.server.objects[path]))
        else:
            self._answer(404)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        path = self._path()
        if "list-type" in query:
            self._answer(200, self._listing(path, query.get("prefix", [""])[0]))
        elif (content := self.server.objects.get(path)) is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self.server.fetched.append(path)
            wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", f"bytes=0-{len(content)}"))
            assert wanted
            first, last = int(wanted[1]), int(wanted[2])
            self._answer(206, content[first : last + 1])

    def _path(self) -> str:
        return unquote(urlsplit(self.path).path).strip("/")

    def _listing(self, bucket: str, prefix: str) -> bytes:
        keys = sorted(
            path.removeprefix(f"{bucket}/") for path in self.server.objects if path.startswith(f"{bucket}/")
        )
        found = [key for key in keys if key.startswith(prefix)]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.server.objects[f'{bucket}/{key}'])}</Size>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in found
        )
        head = f"<Name>{bucket}</Name><IsTruncated>false</IsTruncated><KeyCount>{len(found)}</KeyCount>"
        return f"<?xml version='1.0'?><ListBucketResult>{head}{contents}</ListBucketResult>".encode()

    def _answer(self, status: int, content: bytes = b"", length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def object_store(objects: Mapping[str, bytes]) -> Iterator[Store]:
    """A running store."""
    store = Store(objects)
    thread = Thread(target=store.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        store.shutdown()
        store.server_close()
        thread.join()
