"""Does what the control messages say."""

import time

import structlog
from pika import BasicProperties

from executor.answers import Answerer
from executor.contract import BadControl, UnknownControl, decode_control

log = structlog.get_logger()

MAX_TYPES_TOLD = 100


class Control:
    """Takes control messages, whatever they are, in the I/O thread."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer
        self._told: set[str] = set()

    def take(self, body: bytes, properties: BasicProperties) -> None:
        """Obeys a message, or tells in one line why it does not; never raises for its fault."""
        try:
            cancel = decode_control(body)
        except BadControl as bad:
            log.warning("control_refused", error=str(bad))
        except UnknownControl as unknown:
            self._tell_ignored(str(unknown))
        else:
            running = self._answerer.cancel(cancel, _sent_s(properties))
            log.info("cancel_received", job_id=cancel.id, attempt=cancel.attempt, running=running)

    def _tell_ignored(self, type: str) -> None:
        """Once for each type: they are a later version's, and may come often."""
        if type not in self._told and len(self._told) < MAX_TYPES_TOLD:
            self._told.add(type)
            log.info("control_ignored", type=type)


def _sent_s(properties: BasicProperties) -> int:
    """When it was sent: by the clock of its frontend, as jobs are, or else by ours."""
    timestamp: int | None = properties.timestamp
    return int(time.time()) if timestamp is None else timestamp
