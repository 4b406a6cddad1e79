"""guardrank-serve in a thread of the test, with the judge of the package."""

import threading
import time

import uvicorn

from guardrank.judge import load_judge
from guardrank.serve.http.app import create_app
from guardrank.serve.http.head_limit import HeadLimitProtocol
from guardrank.serve.http.settings import ServiceSettings


class Running:
    """The service on a free port, in a thread."""

    def __init__(self, **settings) -> None:
        judge = load_judge("guardrank-mini", device="cpu")
        self.server = uvicorn.Server(
            uvicorn.Config(
                create_app([judge], ServiceSettings(**settings)),
                port=0,
                log_level="warning",
                access_log=False,
                http=HeadLimitProtocol,
            )
        )
        self.thread = threading.Thread(target=self.server.run)

    def __enter__(self) -> "Running":
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}/"
        return self

    def __exit__(self, *_) -> None:
        self.server.should_exit = True
        self.thread.join()
