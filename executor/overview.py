"""`executor status`: the workers of this host, the sandbox, the broker."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict
from rich.console import Console, RenderableType
from rich.text import Text

from executor.broker.address import parameters, place
from executor.broker.visit import BrokerUnreachable, visit
from executor.roll import Silent, call_roll
from executor.sandbox import Sandbox, SandboxUnavailable
from executor.settings import Settings
from executor.status import WorkerStatus
from executor.terminal import duration, table

_SLOT_S = 2.0

_COLOURS = {
    "idle": "green",
    "judging": "cyan",
    "answering": "cyan",
    "starting": "yellow",
    "stopping": "yellow",
    "connecting": "red",
}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class SilentWorker(_Model):
    """A worker that gives no answer."""

    name: str
    problem: str


class SandboxStatus(_Model):
    """safeexec. isolation, slots: None if it did not say."""

    socket: str
    up: bool
    isolation: str | None = None
    slots: int | None = None
    problem: str | None = None


class BrokerStatus(_Model):
    """One address of the broker, without its password."""

    place: str
    up: bool
    problem: str | None = None


class Overview(_Model):
    """All there is to see. problems: one line each; none: all is well."""

    workers: tuple[WorkerStatus, ...]
    silent: tuple[SilentWorker, ...]
    sandbox: SandboxStatus
    brokers: tuple[BrokerStatus, ...]
    problems: tuple[str, ...]


def look(settings: Settings) -> Overview:
    """Takes a few seconds at most, if the broker answers. Raises RollError."""
    roll = call_roll(settings.executor_work_dir)
    workers = tuple(each for each in roll if isinstance(each, WorkerStatus))
    silent = tuple(
        SilentWorker(name=each.name, problem=each.reason)
        for each in roll
        if isinstance(each, Silent)
    )
    sandbox = _sandbox(settings)
    brokers = tuple(_broker(url, settings.amqp_heartbeat_s) for url in settings.amqp_url)
    if not roll:
        told = [f"no worker runs here with the work folder {settings.executor_work_dir}"]
    else:
        told = []
    told += [f"{each.name} {each.problem}" for each in silent]
    told += [f"{each.name}: {problem}" for each in workers for problem in each.problems]
    told += [f"sandbox: {sandbox.problem}"] if sandbox.problem else []
    told += [f"broker {each.place}: {each.problem}" for each in brokers if each.problem]
    return Overview(
        workers=workers, silent=silent, sandbox=sandbox, brokers=brokers, problems=tuple(told)
    )


def _sandbox(settings: Settings) -> SandboxStatus:
    socket = str(settings.safeexec_socket)
    sandbox = Sandbox(settings.safeexec_socket, _SLOT_S)
    try:
        with sandbox.slot() as slot:
            return SandboxStatus(socket=socket, up=True, isolation=slot.isolation, slots=slot.slots)
    except SandboxUnavailable as error:
        return SandboxStatus(socket=socket, up=sandbox.is_up(), problem=str(error))


def _broker(url: str, heartbeat_s: int) -> BrokerStatus:
    where = place(parameters(url, "", heartbeat_s))
    try:
        with visit([url], "executor status", heartbeat_s):
            return BrokerStatus(place=where, up=True)
    except BrokerUnreachable as error:
        return BrokerStatus(place=where, up=False, problem=str(error).split(": ", 1)[1])


def show(seen: Overview, console: Console) -> None:
    """Prints it for a person."""
    for part in _parts(seen):
        console.print(part, soft_wrap=isinstance(part, Text))


def _parts(seen: Overview) -> Iterator[RenderableType]:
    if seen.workers:
        workers = table(
            ("worker", "state", "job", "verdicts"),
            ("age", "jobs", "mean", "redelivered", "reconnects", "up"),
        )
        for each in seen.workers:
            workers.add_row(*_cells(each))
        yield workers
    sandbox, level = seen.sandbox, seen.sandbox.isolation
    if sandbox.up:
        slots = "" if sandbox.slots is None else f", {sandbox.slots} slots"
        yield _line("sandbox", f"level {level or 'not told'}{slots}", ok=sandbox.problem is None)
    else:
        yield _line("sandbox", "not reachable", ok=False)
    for broker in seen.brokers:
        state = "reachable" if broker.up else "not reachable"
        yield _line("broker", f"{broker.place} {state}", ok=broker.up)
    for problem in seen.problems:
        yield Text(f"problem: {problem}", style="bold red")


def _line(part: str, state: str, *, ok: bool) -> Text:
    return Text.assemble(f"{part:<8} ", (state, "green" if ok else "red"))


def _cells(worker: WorkerStatus) -> Sequence[RenderableType]:
    job = worker.job
    colour = "red" if worker.problems else _COLOURS[worker.state]
    return (
        Text(worker.name),
        Text(worker.state, style=colour),
        Text("-" if job is None else _job(worker)),
        Text(_verdicts(worker.verdicts)),
        "-" if job is None else duration(job.age_s),
        str(worker.jobs),
        "-" if worker.service_s is None else duration(worker.service_s),
        str(worker.redeliveries),
        str(sum(link.reconnects for link in worker.links)),
        duration(worker.uptime_s),
    )


def _job(worker: WorkerStatus) -> str:
    """`s-812 cpp20 test`, with its attempt from the second on."""
    job = worker.job
    assert job is not None
    again = f"attempt {job.attempt}" if (job.attempt or 1) > 1 else None
    return " ".join(filter(None, (job.id or "without id", again, job.language, job.phase)))


def _verdicts(verdicts: dict[str, int]) -> str:
    """`AC 812, WA 300`, the most frequent first."""
    ordered = sorted(verdicts.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{verdict} {count}" for verdict, count in ordered) or "-"
