"""A chat completions server on this machine that really speaks the protocol, as badly behaved as a test wants.

with ChatServer(reply) as server:       reply: Asked -> Reply, called for each request
    ...ChatSettings(base_url=server.url)
server.asked                            every request, in order of arrival
server.answered                         record text -> how often a whole answer to it went out
"""

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Asked:
    """A request as it came in."""

    body: dict
    headers: dict
    path: str
    at: float = field(default_factory=time.monotonic)

    @property
    def text(self) -> str:
        """The text of the last message."""
        content = self.body["messages"][-1]["content"]
        return content if isinstance(content, str) else next(part["text"] for part in content if "text" in part)

    @property
    def record(self) -> dict:
        """The record under judgement."""
        return json.loads(self.text)

    @property
    def format(self) -> str:
        """The response format, ``text`` where none is asked for."""
        return self.body.get("response_format", {}).get("type", "text")


@dataclass
class Reply:
    """What goes back.

    Attributes:
        after: seconds of silence first.
        cut: send only this many bytes of the body that was announced, and hang up.
        drop: hang up without a word.
    """

    body: object = None
    status: int = 200
    headers: dict = field(default_factory=dict)
    after: float = 0.0
    cut: int | None = None
    drop: bool = False


def completion(content: str | None, *, finish: str = "stop", refusal: str | None = None, **fields) -> Reply:
    """A chat completion that says ``content``, 100 tokens for 20."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return Reply(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "tiny-2026-01-01",
            "system_fingerprint": "fp_1",
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
            **fields,
        }
    )


def scored(score, reason: str = "Because.") -> Reply:
    """A well-formed answer."""
    return completion(json.dumps({"reason": reason, "score": score}))


def failing(status: int, message: str = "no", *, headers: dict | None = None, **error) -> Reply:
    """An error in OpenAI's form."""
    return Reply({"error": {"message": message, **error}}, status, headers or {})


def by_response(asked: Asked) -> Reply:
    """The score that the response itself names: ``"response 3"`` gets 3."""
    return scored(int(asked.record["response"].split()[-1]) % 4)


def in_turn(*replies: Reply):
    """These replies one after the other, the last one for ever."""
    left = list(replies)
    lock = threading.Lock()

    def reply(asked: Asked) -> Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_) -> None:
        """A client that was killed is no news."""


class ChatServer:
    """Serves at ``url`` while the ``with`` block lasts."""

    def __init__(self, reply=by_response) -> None:
        self.reply = reply
        self.asked: list[Asked] = []
        self.answered: Counter[str] = Counter()
        self.under_way = self.most_under_way = 0
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> "ChatServer":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def settled(self) -> int:
        """How many whole answers went out, once nothing is under way."""
        while self.under_way:
            time.sleep(0.002)
        return sum(self.answered.values())

    def enter(self, asked: Asked) -> Reply:
        """A request came in."""
        with self._lock:
            self.asked.append(asked)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        return self.reply(asked)

    def leave(self, asked: Asked, *, whole: bool) -> None:
        """A request was dealt with; ``whole`` where a whole answer went out."""
        with self._lock:
            self.under_way -= 1
            if whole:
                self.answered[asked.text] += 1


def _handler_of(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked = Asked(body, {name.lower(): value for name, value in self.headers.items()}, self.path)
            reply, whole = server.enter(asked), False
            try:
                time.sleep(reply.after)
                whole = self._send(reply)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                server.leave(asked, whole=whole)

        def _send(self, reply: Reply) -> bool:
            if reply.drop:
                self.close_connection = True
                return False
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response_only(reply.status)
            own = {"Content-Type": "application/json", "Date": self.date_time_string()}
            for name, value in (own | reply.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: reply.cut])
            if reply.cut is not None:
                self.close_connection = True
            return reply.cut is None and reply.status == 200

        def log_message(self, *_) -> None:
            pass

    return Handler
