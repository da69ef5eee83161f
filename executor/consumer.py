"""The worker: takes jobs, has them judged in a thread of its own, and acks. Nobody else acks."""

import os
import queue
import signal
import socket
import threading
from collections.abc import Callable
from functools import partial

import structlog
from pika.adapters.select_connection import IOLoop

from executor.answers import Answer, Answerer
from executor.broker.address import Brokers
from executor.broker.link import Link
from executor.broker.listener import Listener
from executor.broker.message import Delivery
from executor.broker.publisher import Publisher
from executor.broker.subscriber import Subscriber
from executor.broker.topology import Binding, Exchange, Queue
from executor.broker.wire import tolerate_headers
from executor.control import Control
from executor.monitor import Monitor
from executor.reporter import Reporter
from executor.settings import Settings
from executor.settlement import Settlement

log = structlog.get_logger()

ROUND_S = 1.0
CLOSING_S = 5
"""How long to wait for the broker's good-bye, or for a killed run to end."""


class Consumer:
    """One slot's worker.

    The main thread owns the I/O loop with all links, so heartbeats go on while the job thread
    judges. Jobs cross over by a queue, answers come back by `add_callback_threadsafe`.
    """

    def __init__(
        self, settings: Settings, brokers: Brokers, answerer: Answerer, monitor: Monitor
    ) -> None:
        tolerate_headers()
        self._settings = settings
        self._answerer = answerer
        self._monitor = monitor
        self._loop = IOLoop()
        self._subscriber = Subscriber(
            self._loop,
            f"{settings.executor_name} consumes",
            brokers,
            settings.amqp_queue,
            self._delivered,
        )
        self._publisher = Publisher(
            self._loop,
            f"{settings.executor_name} publishes",
            brokers,
            [
                Exchange(settings.amqp_dead_exchange),
                Queue(settings.amqp_dead_queue),
                Binding(settings.amqp_dead_queue, settings.amqp_dead_exchange),
                Queue(settings.amqp_verdicts_queue),
            ],
        )
        self._listener = Listener(
            self._loop,
            f"{settings.executor_name} listens",
            brokers,
            settings.amqp_control_exchange,
            Control(answerer).take,
        )
        self._links: tuple[Link, ...] = (self._subscriber, self._publisher, self._listener)
        monitor.watch(
            answerer=answerer,
            subscriber=self._subscriber,
            publisher=self._publisher,
            listener=self._listener,
        )
        self._jobs: queue.SimpleQueue[tuple[Delivery, Reporter]] = queue.SimpleQueue()
        self._current: Delivery | None = None
        self._judging = False
        self._signals = 0
        self._leaving = False

    def run(self) -> int:
        """Works until it is told to stop by SIGTERM or SIGINT; then 0.

        The first signal lets the running job finish, the second gives it back to its queue.
        Any exception is a fault of ours, and for the supervisor to restart us.
        """
        waker, woken = socket.socketpair()
        self._watch_signals(waker, woken)
        threading.Thread(target=self._work, name="job", daemon=True).start()
        for link in self._links:
            link.start()
        self._come_round()
        self._loop.start()
        return 0

    def _come_round(self) -> None:
        self._monitor.came_round()
        self._loop.call_later(ROUND_S, self._come_round)

    def _work(self) -> None:
        """The job thread."""
        try:
            while True:
                delivery, reporter = self._jobs.get()
                answer = self._answerer.answer(delivery, reporter.report)
                self._in_loop(partial(self._answered, delivery, reporter, answer))
        except BaseException as error:
            self._in_loop(partial(_end_with, error))

    def _in_loop(self, callback: Callable[[], None]) -> None:
        self._loop.add_callback_threadsafe(callback)

    def _delivered(self, delivery: Delivery) -> None:
        """Prefetch is 1 and the subscriber is held meanwhile, so there is none before it."""
        assert self._current is None, "two jobs at once"
        if self._signals:
            self._subscriber.give_back(delivery)
            return
        self._subscriber.hold()
        self._current = delivery
        self._judging = True
        self._monitor.taken(delivery)
        self._jobs.put((delivery, Reporter(self._loop, self._publisher, delivery)))

    def _answered(self, delivery: Delivery, reporter: Reporter, answer: Answer | None) -> None:
        self._judging = False
        reporter.close()
        if answer is None:
            self._current = None
            self._subscriber.give_back(delivery)
            self._monitor.returned()
            self._leave()
            return
        self._monitor.answered(answer)
        Settlement(
            self._publisher,
            self._settings,
            delivery,
            answer,
            settled=partial(self._settled, delivery),
            kept=self._monitor.kept,
        ).start()

    def _settled(self, delivery: Delivery) -> None:
        self._subscriber.ack(delivery)
        self._current = None
        self._monitor.settled()
        if self._signals:
            self._leave()
        else:
            self._subscriber.resume()

    def _watch_signals(self, waker: socket.socket, woken: socket.socket) -> None:
        """Has signals handled by the loop.

        A Python handler runs between any two instructions of the main thread, possibly while pika
        holds a lock that we would wait for. So ours do nothing, and C code writes to a socket.
        """
        waker.setblocking(False)
        woken.setblocking(False)
        signal.set_wakeup_fd(waker.detach(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        descriptor = woken.detach()

        def read(*_: int) -> None:
            for number in os.read(descriptor, 64):
                if number in (signal.SIGTERM, signal.SIGINT):
                    self._signalled(signal.Signals(number))

        self._loop.add_handler(descriptor, read, IOLoop.READ)

    def _signalled(self, number: signal.Signals) -> None:
        self._signals += 1
        busy = self._current is not None
        log.info("signal_received", signal=number.name, count=self._signals, busy=busy)
        self._monitor.stopping()
        self._subscriber.pause()
        if self._current is None:
            self._leave()
        elif self._signals > 1:
            self._give_up(self._current)

    def _give_up(self, delivery: Delivery) -> None:
        """Ends the run, or stops trying to publish its verdict; somebody else judges the job."""
        if self._judging:
            self._answerer.give_back()
            self._loop.call_later(CLOSING_S, self._leave)
        else:
            self._current = None
            self._subscriber.give_back(delivery)
            self._monitor.returned()
            self._leave()

    def _leave(self) -> None:
        """Closes all links, then ends the loop."""
        if self._leaving:
            return
        self._leaving = True
        open_links = set(self._links)

        def closed(link: Link) -> None:
            open_links.discard(link)
            if not open_links:
                self._loop.stop()

        self._loop.call_later(CLOSING_S, self._loop.stop)
        for link in self._links:
            link.close(partial(closed, link))


def _end_with(error: BaseException) -> None:
    raise RuntimeError("the job thread has ended") from error
