"""What works here and what is missing, with the remedy."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pika
from pika.exceptions import ChannelClosedByBroker

from executor.broker.address import Brokers, place, reason
from executor.broker.topology import ACCESS_REFUSED
from executor.broker.visit import BrokerUnreachable, visit
from executor.languages import Languages, LanguagesError
from executor.sandbox import Sandbox, SandboxFault, SandboxUnavailable
from executor.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: how it is, and what to do if it is not well."""

    part: str
    ok: bool
    state: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{'ok' if self.ok else 'missing':<8} {self.part:<28} {self.state}"
        return f"{line}\n{'':<9}remedy: {self.remedy}" if self.remedy else line


def diagnose(settings: Settings) -> Iterator[Finding]:
    """Looks at the broker, its queues, the sandbox and each language; the last take seconds."""
    brokers = Brokers.of(settings)
    for url in brokers.urls:
        yield from _broker(settings, replace(brokers, urls=(url,)))
    sandbox = Sandbox(settings.safeexec_socket)
    try:
        with sandbox.slot() as slot:
            remedy = "" if slot.isolation == "full" else "`safeexec --check` tells what is missing"
            yield Finding("sandbox", True, f"isolation {slot.isolation}", remedy)
    except SandboxUnavailable as error:
        remedy = "start `safeexec --serve`; SAFEEXEC_SOCKET names its socket"
        yield Finding("sandbox", False, str(error), remedy)
        return
    yield from _languages(settings, sandbox)


def _broker(settings: Settings, node: Brokers) -> Iterator[Finding]:
    part = f"broker {place(node.parameters(node.urls[0], ''))}"
    try:
        with visit(node, "executor check") as connection:
            yield Finding(part, True, "reachable")
            yield _job_queue(connection, settings.amqp_queue)
            for queue in (settings.amqp_dead_queue, settings.amqp_verdicts_queue):
                yield _queue(connection, queue)
            yield _exchange(connection, settings.amqp_control_exchange)
            yield _publishing(connection)
    except BrokerUnreachable as error:
        remedy = "start it, or correct AMQP_URL, AMQP_TLS_..."
        yield Finding(part, False, str(error).removeprefix(f"{part}: "), remedy)


def _queue(connection: pika.BlockingConnection, name: str) -> Finding:
    part = f"queue {name}"
    try:
        declared = connection.channel().queue_declare(name, passive=True)
    except ChannelClosedByBroker as error:
        remedy = "`executor serve` declares it, if the user may"
        return Finding(part, False, reason(error), remedy)
    count = declared.method.message_count
    return Finding(part, True, f"{count} message{'' if count == 1 else 's'}")


def _job_queue(connection: pika.BlockingConnection, name: str) -> Finding:
    found = _queue(connection, name)
    try:
        # Takes no job: the priority is none, but the broker looks at the permission before.
        arguments = {"x-priority": "none"}
        connection.channel().basic_consume(name, lambda *_: None, arguments=arguments)
    except ChannelClosedByBroker as error:
        if found.ok and error.reply_code == ACCESS_REFUSED:
            return Finding(found.part, False, reason(error), "allow the user to read it")
    return found


def _publishing(connection: pika.BlockingConnection) -> Finding:
    """Publishes to no queue: the broker throws the message away, if it takes it."""
    part = "publishing"
    channel = connection.channel()
    channel.confirm_delivery()
    try:
        channel.basic_publish("", "", b"")
    except ChannelClosedByBroker as error:
        remedy = r"allow the user to write to amq\.default: replies go there"
        return Finding(part, False, reason(error), remedy)
    return Finding(part, True, "allowed")


def _exchange(connection: pika.BlockingConnection, name: str) -> Finding:
    part = f"exchange {name}"
    try:
        connection.channel().exchange_declare(name, passive=True)
    except ChannelClosedByBroker as error:
        remedy = "`executor serve` declares it, if the user may; without it no job can be cancelled"
        return Finding(part, False, reason(error), remedy)
    return Finding(part, True, "declared")


def _languages(settings: Settings, sandbox: Sandbox) -> Iterator[Finding]:
    try:
        languages = Languages.load(
            settings.executor_languages_file, settings.executor_languages or None
        )
        languages.self_test(sandbox)
    except LanguagesError as error:
        remedy = "correct EXECUTOR_LANGUAGES or EXECUTOR_LANGUAGES_FILE"
        yield Finding("languages", False, str(error), remedy)
        return
    except (SandboxUnavailable, SandboxFault) as error:
        yield Finding("languages", False, str(error), "look at safeexec's log")
        return
    for id, language in languages.working.items():
        yield Finding(f"language {id}", True, languages.runtime(language))
    if languages.absent:
        ids = ", ".join(languages.absent)
        remedy = "script/setup --languages LIST, or all, if you want them"
        yield Finding(
            f"{len(languages.absent)} more languages", True, f"not installed: {ids}", remedy
        )
    for id, why in languages.withdrawn.items():
        remedy = "install its compiler or interpreter, or leave it out of EXECUTOR_LANGUAGES"
        yield Finding(f"language {id}", False, why, remedy)
