"""`executor queue`: how much waits, how fast it goes, and how long a job has to wait."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pika
from pika.exceptions import ChannelClosedByBroker
from pydantic import BaseModel, ConfigDict
from rich.console import Group, RenderableType
from rich.text import Text

from executor.broker.address import Brokers
from executor.broker.topology import NOT_FOUND
from executor.broker.visit import visit
from executor.roll import call_roll
from executor.settings import Settings
from executor.status import WorkerStatus
from executor.terminal import duration, table


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class QueueDepth(_Model):
    """ready, consumers: None: there is no such queue."""

    name: str
    ready: int | None
    consumers: int | None


class Backlog(_Model):
    """The job queue, measured for `seconds`.

    unacked: jobs that workers have; None: AMQP does not tell, and not all workers are here.
    workers_here: of the consumers, those on this host. growth_per_s: by how much the jobs that wait
    became more. done_per_s: jobs answered by the workers here. deliver_per_s, publish_per_s: of the
    whole queue; None: unknown. estimated: they are extrapolated from the workers here.
    service_s: how long a worker holds a job. wait_s: what a job published now has to wait for, and
    wait_by: how that is known, or why not.
    """

    seconds: float
    queue: QueueDepth
    dead: QueueDepth
    verdicts: QueueDepth
    unacked: int | None
    workers_here: int
    growth_per_s: float
    done_per_s: float
    deliver_per_s: float | None
    publish_per_s: float | None
    estimated: bool
    service_s: float | None
    service_jobs: int
    wait_s: float | None
    wait_by: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """What is so at a moment, by the monotonic clock."""

    at: float
    queue: QueueDepth
    dead: QueueDepth
    verdicts: QueueDepth
    workers: Sequence[WorkerStatus]


def measure(settings: Settings, seconds: float) -> Backlog:
    """Looks twice. Raises BrokerUnreachable, RollError."""
    with visit(Brokers.of(settings), "executor queue") as connection:
        before = _sample(settings, connection)
        connection.sleep(seconds)
        return judge(before, _sample(settings, connection))


def _sample(settings: Settings, connection: pika.BlockingConnection) -> Sample:
    roll = call_roll(settings.executor_work_dir)
    return Sample(
        at=time.monotonic(),
        queue=depth(connection, settings.amqp_queue),
        dead=depth(connection, settings.amqp_dead_queue),
        verdicts=depth(connection, settings.amqp_verdicts_queue),
        workers=[each for each in roll if isinstance(each, WorkerStatus)],
    )


def depth(connection: pika.BlockingConnection, name: str) -> QueueDepth:
    """Of a queue, by declaring it passively. Raises AMQPError."""
    channel = connection.channel()
    try:
        told = channel.queue_declare(name, passive=True).method
    except ChannelClosedByBroker as error:
        if error.reply_code != NOT_FOUND:
            raise
        return QueueDepth(name=name, ready=None, consumers=None)
    channel.close()
    return QueueDepth(name=name, ready=told.message_count, consumers=told.consumer_count)


def judge(before: Sample, now: Sample) -> Backlog:
    """What two looks tell."""
    seconds = now.at - before.at
    ready, consumers = now.queue.ready or 0, now.queue.consumers or 0
    growth = (ready - (before.queue.ready or 0)) / seconds
    here = [each for each in now.workers if each.state in ("idle", "judging", "answering")]
    done = _done(before.workers, now.workers) / seconds
    estimated = len(here) < consumers
    deliver = done * consumers / len(here) if here else (None if consumers else 0.0)
    service_s, service_jobs = service_time(now.workers)
    wait_s, wait_by = _wait(ready, consumers, growth, service_s, service_jobs, len(here))
    return Backlog(
        seconds=seconds,
        queue=now.queue,
        dead=now.dead,
        verdicts=now.verdicts,
        unacked=_unacked(ready, consumers, here),
        workers_here=len(here),
        growth_per_s=growth,
        done_per_s=done,
        deliver_per_s=deliver,
        publish_per_s=None if deliver is None else max(0.0, growth + deliver),
        estimated=estimated and deliver is not None,
        service_s=service_s,
        service_jobs=service_jobs,
        wait_s=wait_s,
        wait_by=wait_by,
        problems=tuple(_problems(now)),
    )


def _done(before: Sequence[WorkerStatus], now: Sequence[WorkerStatus]) -> int:
    """Jobs that the workers have answered in between; a new one has begun with none."""
    earlier = {(each.name, each.pid): each.jobs for each in before}
    return sum(each.jobs - earlier.get((each.name, each.pid), 0) for each in now)


def _unacked(ready: int, consumers: int, here: Sequence[WorkerStatus]) -> int | None:
    if len(here) >= consumers:
        return sum(each.job is not None for each in here)
    # A consumer takes one job at a time, and while any wait each of them has one.
    return consumers if ready else None


def service_time(workers: Sequence[WorkerStatus]) -> tuple[float | None, int]:
    """The mean of their last jobs, and of how many."""
    known = [(each.service_s, each.service_jobs) for each in workers if each.service_s is not None]
    jobs = sum(count for _, count in known)
    return (sum(mean * count for mean, count in known) / jobs if jobs else None), jobs


def _wait(
    ready: int,
    consumers: int,
    growth: float,
    service_s: float | None,
    service_jobs: int,
    here: int,
) -> tuple[float | None, str]:
    """Seconds, or None; and the reason."""
    if not consumers:
        return None, "nobody consumes"
    if not ready:
        return 0.0, "no job waits"
    if service_s is not None:
        workers = f"{_counted(here, 'worker')} here"
        mean = f"the mean of the last {_counted(service_jobs, 'job')} of {workers}"
        waiting = f"{_counted(ready, 'job')}, {_counted(consumers, 'consumer')}"
        return ready * service_s / consumers, f"{waiting}, {duration(service_s)} a job, {mean}"
    if growth < 0:
        return ready / -growth, f"the queue falls by {-growth:.2g} a second"
    return None, "no worker here has judged a job yet, and the queue does not fall"


def _problems(now: Sample) -> Iterator[str]:
    for each in (now.queue, now.dead, now.verdicts):
        if each.ready is None:
            yield f"there is no queue '{each.name}': a worker declares it at its start"
    if now.queue.ready and not now.queue.consumers:
        waiting = "1 job waits" if now.queue.ready == 1 else f"{now.queue.ready} jobs wait"
        yield f"{waiting}, and nobody consumes"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def rendered(seen: Backlog) -> RenderableType:
    """For a person."""
    depths = table(("queue",), ("ready", "unacked", "consumers"))
    unacked = "?" if seen.unacked is None else str(seen.unacked)
    depths.add_row(seen.queue.name, *_numbers(seen.queue, unacked))
    for each in (seen.dead, seen.verdicts):
        depths.add_row(each.name, *_numbers(each, "-"))
    lines = [Text(line) for line in _lines(seen)]
    problems = [Text(f"problem: {problem}", style="bold red") for problem in seen.problems]
    return Group(depths, *lines, *problems)


def _numbers(depth: QueueDepth, unacked: str) -> tuple[str, str, str]:
    ready, consumers = ("-" if n is None else str(n) for n in (depth.ready, depth.consumers))
    return ready, unacked, consumers


def _lines(seen: Backlog) -> Iterator[str]:
    about = "about " if seen.estimated else ""
    published, delivered = (
        "?" if rate is None else f"{about}{rate:.1f}/s"
        for rate in (seen.publish_per_s, seen.deliver_per_s)
    )
    source = (
        f", by {seen.workers_here} of {seen.queue.consumers} workers, those here"
        if seen.estimated
        else ""
    )
    yield (
        f"published {published}, judged {delivered}, waiting {seen.growth_per_s:+.1f}/s,"
        f" in {seen.seconds:.1f} s{source}"
    )
    wait = "unknown" if seen.wait_s is None else duration(seen.wait_s)
    yield f"a job published now waits {wait}: {seen.wait_by}"
