"""Has programs judged, each by one test: python3 submit.py LANGUAGE INPUT ANSWER PROGRAM...

INPUT and ANSWER: files, or URLs that the worker fetches. AMQP_URL: the broker. REPLY_TO: a
durable queue of ours for the results; without it they come to one that goes when we go.
TIMEOUT_S (60): what has no result by then is cancelled.
"""

import json
import os
import sys
import time
import uuid
from base64 import b64encode
from pathlib import Path

import pika
from pika.exceptions import NackError, UnroutableError

MAX_ATTEMPTS = 3
CANCEL_S = 10  # a cancelled job's result comes at once, if a worker is there


class Frontend:
    def __init__(self, url, reply_to):
        self.connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()  # basic_publish waits for the broker's word
        self.channel.basic_qos(prefetch_count=100)
        if reply_to:
            quorum = {"x-queue-type": "quorum"}
            self.channel.queue_declare(reply_to, durable=True, arguments=quorum)
        self.reply_to = reply_to or self.channel.queue_declare("", exclusive=True).method.queue
        self.waiting = {}  # jobs without a result, by id and attempt
        self.seen = set()  # ids and attempts of results: in a database, a unique key

    def submit(self, job):
        """Returns when the job is safe with the broker."""
        key = f"{job['id']}/{job['attempt']}"
        self.waiting[key] = job
        properties = pika.BasicProperties(
            type="oj.job/1",
            content_type="application/json",
            delivery_mode=2,  # persistent
            message_id=job["id"],
            correlation_id=key,  # comes back with the result, whatever the job was
            reply_to=self.reply_to,
            timestamp=int(time.time()),
        )
        body = json.dumps(job)
        while True:
            try:
                self.channel.basic_publish("", "submissions", body, properties, mandatory=True)
                return
            except NackError:
                print("the queue is full: trying again", file=sys.stderr)
                self.connection.sleep(1)
            except UnroutableError:
                sys.exit("there is no queue 'submissions': start a worker, which declares it")

    def cancel(self, job):
        """Nobody answers this, but the job has its result soon."""
        body = json.dumps({"type": "cancel", "id": job["id"], "attempt": job["attempt"]})
        properties = pika.BasicProperties(timestamp=int(time.time()))
        self.channel.basic_publish("executor.control", "", body, properties)

    def receive(self, seconds, retry):
        """Takes what comes until every job has its result, or the time is over."""
        deadline = time.monotonic() + seconds
        for method, properties, body in self.channel.consume(self.reply_to, inactivity_timeout=0.5):
            if method is not None:
                self.take(properties, json.loads(body), retry)
                self.channel.basic_ack(method.delivery_tag)  # not before it is stored
            if not self.waiting or time.monotonic() > deadline:
                return

    def take(self, properties, message, retry):
        key = properties.correlation_id
        if properties.type == "oj.event/1":
            print(key, message["phase"], message.get("verdict", ""), file=sys.stderr)
        elif key not in self.seen:  # delivery is at least once
            self.seen.add(key)
            job = self.waiting.pop(key, None)  # None: sent before we were started, or by another
            error = message.get("error") or {}
            name = (message.get("labels") or {}).get("program", key)
            print(name, message["status"], message["verdict"], error.get("code", ""), flush=True)
            if retry and job and error.get("retryable") and job["attempt"] < MAX_ATTEMPTS:
                self.connection.sleep(job["attempt"])  # what has failed may fail again at once
                self.submit(job | {"attempt": job["attempt"] + 1})


def blob(place):
    if place.startswith(("http://", "https://")):
        return {"url": place}
    return {"base64": b64encode(Path(place).read_bytes()).decode()}


def main(language, given, answer, *programs):
    frontend = Frontend(os.environ["AMQP_URL"], os.environ.get("REPLY_TO"))
    for program in programs:
        frontend.submit(
            {
                "schema": "oj.job/1",
                "id": str(uuid.uuid4()),
                "attempt": 1,
                "language": language,
                "source": blob(program)["base64"],
                "source_encoding": "base64",
                "limits": {"cpu_ms": 2000, "wall_ms": 20000},
                "tests": [{"id": "1", "input": blob(given), "answer": blob(answer)}],
                "events": "test",
                "labels": {"program": program},
            }
        )
    frontend.receive(float(os.environ.get("TIMEOUT_S", "60")), retry=True)
    if frontend.waiting:
        for job in frontend.waiting.values():
            frontend.cancel(job)
        frontend.receive(CANCEL_S, retry=False)
    for job in frontend.waiting.values():
        print(job["labels"]["program"], "no result")
    frontend.connection.close()
    return 1 if frontend.waiting else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
