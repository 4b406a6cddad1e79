"""A server that ends in good order: SIGTERM closes the door, and whoever is inside is served.

SIGTERM ──> /readyz says no, nobody new connects ──a moment──> what open connections still send is answered
"""

from __future__ import annotations

import asyncio
from socket import socket

import uvicorn
from fastapi import FastAPI

from guardrank.serve.http.head_limit import HeadLimitProtocol

MOMENT = 0.5
"""Seconds in which a request that is on its way over an open connection is still read."""


class DrainingServer(uvicorn.Server):
    """uvicorn, which by itself hangs up on connections whose next request it has not read yet."""

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._service = app.state.service

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End: see above."""
        self._service.is_ready = False
        for server in self.servers:
            server.close()
        await asyncio.sleep(MOMENT)
        await super().shutdown(sockets)


def serve_until_told(app: FastAPI, host: str, port: int) -> None:
    """Serve ``app`` until SIGTERM or SIGINT, in this one process: a judge uses all cores by itself."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        timeout_keep_alive=15,
        log_level="warning",
        http=HeadLimitProtocol,
    )
    DrainingServer(app, config).run()
