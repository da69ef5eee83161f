"""script/server: the whole stack in the foreground, for a frontend's developer."""

import argparse
import os
import sys
import time

from executor.languages import STANDARD
from stack.interrupt import Interrupted, raise_interrupted
from stack.process import ProcessEnded
from stack.services import Stack

_CHECK_S = 0.2
_PASSED_ON = ("EXECUTOR_LANGUAGES", "EXECUTOR_TESTDATA_HOSTS", "LOG_LEVEL")
"""Settings of our environment that the workers get."""


def main() -> int:
    """Run until asked to stop: 0. If a part fails to start or ends by itself: 1."""
    options = _parse()
    raise_interrupted()
    try:
        given = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        env = {"EXECUTOR_LANGUAGES": STANDARD, **given}
        with Stack(options.workers, amqp_url=os.environ.get("AMQP_URL"), env=env) as stack:
            _tell(stack)
            while True:
                stack.check()
                time.sleep(_CHECK_S)
    except Interrupted:
        _say("stopped")
        return 0
    except (ProcessEnded, TimeoutError) as error:
        # A worker that died has told why in its log; to start it again would only hide that.
        _say(f"stopped everything, because {error}")
        return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/server",
        description="Run a private broker (or the one at $AMQP_URL), the sandbox and workers "
        "until Ctrl-C. stdout: AMQP_URL=..., then ready.",
    )
    parser.add_argument("--workers", type=_count, default=1, metavar="N", help="1 to 64 (1)")
    return parser.parse_args()


def _count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 64):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 64")
    return int(text)


def _tell(stack: Stack) -> None:
    print(f"AMQP_URL={stack.amqp_url}", flush=True)
    print("ready", flush=True)
    _say(f"{len(stack.workers)} worker(s) take jobs from the queue submissions; logs:")
    for log in (stack.safeexec.log, *(worker.log for worker in stack.workers)):
        _say(f"  {log}")
    _say("submit one from another terminal:")
    _say(f"  AMQP_URL='{stack.amqp_url}' script/executor submit --help")
    _say("stop with Ctrl-C")


def _say(text: str) -> None:
    print(f"server: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
