"""The least that a worker can be: take a message, publish a reply, await its confirm, ack."""

import sys
from typing import Any

import pika


def main(url: str, queue: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    consuming, publishing = connection.channel(), connection.channel()
    publishing.confirm_delivery()
    consuming.basic_qos(prefetch_count=1)
    consuming.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})

    def answer(_channel: Any, method: Any, properties: pika.BasicProperties, _body: bytes) -> None:
        reply = pika.BasicProperties(correlation_id=properties.correlation_id, delivery_mode=2)
        publishing.basic_publish("", properties.reply_to, b"{}", reply, mandatory=True)
        consuming.basic_ack(method.delivery_tag)

    consuming.basic_consume(queue, answer)
    consuming.start_consuming()


if __name__ == "__main__":
    main(*sys.argv[1:])
