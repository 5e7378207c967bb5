"""The server process."""

from __future__ import annotations

import logging
from pathlib import Path

import uvicorn

from api.app import make_app
from api.current import CurrentRulebook


def serve(policies: Path, host: str, port: int) -> None:
    """Serves the rulebook in a directory until it is told to stop. Raises `Problems`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    app = make_app(CurrentRulebook(policies))
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
