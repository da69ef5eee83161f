"""Logging: one event a line on stderr, as JSON for machines or coloured for people."""

import logging
import sys
from typing import Literal

import structlog


def configure(level: str, form: Literal["json", "console", "auto"]) -> None:
    """Sets structlog up; `auto` is `console` if stderr is a terminal, else `json`."""
    people = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderers: list[structlog.types.Processor] = (
        [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # The one by rich shows the variables too: hidden tests, credentials in URLs.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
        if people
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # pika reports each failed attempt in a dozen lines and a traceback; our links say it in one.
    logging.getLogger("pika").setLevel(logging.CRITICAL + 1)
