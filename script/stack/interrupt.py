"""Ctrl-C and SIGTERM for the scripts: everything that was started is stopped in order, once."""

import signal
from types import FrameType

_ASKED_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """We were asked to stop. Not an Exception: no handler of errors may take it for one."""


def raise_interrupted() -> None:
    """From now on the first such signal raises Interrupted; more of them change nothing."""
    for number in _ASKED_TO_STOP:
        signal.signal(number, _raise)


def _raise(_number: int, _frame: FrameType | None) -> None:
    for number in _ASKED_TO_STOP:
        signal.signal(number, signal.SIG_IGN)
    raise Interrupted
