"""From a verdict to messages: the reply, the dead letter, and then the ack."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from pika import BasicProperties

from executor.answers import Answer, shortened
from executor.broker.message import Delivery, Message
from executor.broker.publisher import Fate, Publisher
from executor.contract import CeleryTask
from executor.reporter import event_message, reply_properties
from executor.settings import Settings

log = structlog.get_logger()

MAX_ERROR_CHARACTERS = 1000
ROUTING_HEADERS = ("CC", "BCC")
"""RabbitMQ's own: they would send the dead letter to more queues."""


class QueueGone(Exception):
    """A queue or exchange of ours takes nothing; the link declares it again."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """Settles one delivery: publishes, waits for each confirm, then calls `settled`, once.

    Nothing is lost whenever the process dies: until the ack the broker still has the job, so the
    worst is a second reply.
    """

    publisher: Publisher
    settings: Settings
    delivery: Delivery
    answer: Answer
    settled: Callable[[], None]

    def start(self) -> None:
        """Publishes the reply, or goes on if nobody is to get one."""
        reply_to = self.delivery.properties.reply_to
        if reply_to:
            finished = self.answer.finished
            herald = None if finished is None else event_message(finished, self.delivery)
            self._publish(self._reply(reply_to), self._replied, herald)
        elif self.answer.result.status == "rejected":
            self._bury()  # No reply was asked for, and there is no verdict to keep.
        else:
            self._keep()

    def _replied(self, fate: Fate) -> None:
        if fate is Fate.CONFIRMED:
            self._bury()
            return
        log.warning("reply_not_taken", job_id=self.answer.result.id, fate=fate.name)
        self._keep()

    def _keep(self) -> None:
        """The reply goes to `verdicts`."""
        self._publish(self._reply(self.settings.amqp_verdicts_queue), self._kept)

    def _kept(self, fate: Fate) -> None:
        if fate is Fate.CONFIRMED:
            self._bury()
        elif fate is Fate.REFUSED and (short := shortened(self.answer)) is not None:
            # This broker takes smaller messages only: the verdict matters more than the output.
            log.warning("reply_shortened", job_id=short.result.id, bytes=len(self.answer.body))
            replace(self, answer=short).start()
        else:
            self._insist(self._reply(self.settings.amqp_verdicts_queue), self._bury)

    def _bury(self) -> None:
        """Publishes the message's body to the dead letters, if it is bad.

        We publish it, rather than let the broker do so on a reject: without a policy the broker
        would throw it away, and a quorum queue's own dead-lettering is at most once.
        """
        if not self.answer.is_dead:
            self.settled()
            return
        headers = {
            name: value
            for name, value in self.delivery.headers.items()
            if name not in ROUTING_HEADERS
        }

        def done(fate: Fate) -> None:
            match fate:
                case Fate.CONFIRMED:
                    self.settled()
                case Fate.REFUSED:  # a header that pika reads but cannot write
                    self._insist(self._dead_letter({}), self.settled)
                case Fate.RETURNED:
                    self._insist(self._dead_letter(headers), self.settled)

        self._publish(self._dead_letter(headers), done)

    def _insist(self, message: Message, done: Callable[[], None]) -> None:
        """Publishes to a place of ours, however long it takes."""

        def look(fate: Fate) -> None:
            if fate is Fate.CONFIRMED:
                done()
            else:
                place = message.exchange or message.routing_key
                log.error("own_queue_gone", name=place, fate=fate.name)
                self.publisher.restart(QueueGone(f"{place} takes no message"))
                self._insist(message, done)

        self._publish(message, look)

    def _publish(
        self, message: Message, done: Callable[[Fate], None], herald: Message | None = None
    ) -> None:
        self.publisher.publish(message, done, herald)

    def _reply(self, queue: str) -> Message:
        task = self.answer.form if isinstance(self.answer.form, CeleryTask) else None
        id = self.answer.result.id
        properties = reply_properties(self.delivery, id, type="oj.result/1", delivery_mode=2)
        if task is not None:
            properties.type = None
            properties.content_encoding = "utf-8"
            properties.correlation_id = properties.correlation_id or task.task_id
        return Message(
            exchange="",
            routing_key=queue,
            body=self.answer.body,
            properties=properties,
        )

    def _dead_letter(self, headers: dict[str, Any]) -> Message:
        error = self.answer.result.error
        assert error is not None
        told = {
            "x-error-code": str(error.code),
            "x-error": error.message[:MAX_ERROR_CHARACTERS],
            "x-original-queue": self.settings.amqp_queue,
        }
        asked = self.delivery.properties
        return Message(
            exchange=self.settings.amqp_dead_exchange,
            routing_key=self.settings.amqp_queue,
            body=self.delivery.body,
            # Without `expiration`, which would end the dead letter too, and `user_id`, which the
            # broker refuses from anybody else.
            properties=BasicProperties(
                content_type=asked.content_type,
                content_encoding=asked.content_encoding,
                headers={**headers, **told},
                delivery_mode=2,
                priority=asked.priority,
                correlation_id=asked.correlation_id,
                reply_to=asked.reply_to,
                message_id=asked.message_id,
                timestamp=asked.timestamp,
                type=asked.type,
                app_id=asked.app_id,
            ),
        )
