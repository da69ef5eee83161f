"""Looks, decides, scales, again and again."""

import signal
import time
from dataclasses import dataclass
from typing import Any, NoReturn

import structlog

from executor import logs
from executor.autoscaling.crew import Address, ask_crew, busy_of
from executor.autoscaling.policy import Goal, Lesson, Sample, Wish, decide
from executor.autoscaling.swarm import Service, Swarm, SwarmError
from executor.backlog import depth, service_time
from executor.broker.address import Brokers
from executor.broker.visit import BrokerUnreachable, visit
from executor.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to scale to which goal. interval_s: between two looks. dry_run: changes nothing."""

    service: str
    goal: Goal
    workers: Address
    interval_s: float
    dry_run: bool


def run(settings: Settings, plan: Plan) -> NoReturn:
    """Until a signal ends it, with exit code 0. Raises SwarmError, if the first look fails."""
    logs.configure(settings.log_level, settings.log_format)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    scaler = Autoscaler(settings, plan)
    replicas = scaler.swarm.look(plan.service).replicas
    log.info("autoscaler_started", service=plan.service, replicas=replicas, dry_run=plan.dry_run)
    while True:
        scaler.step()
        time.sleep(plan.interval_s)


def run_once(settings: Settings, plan: Plan) -> str:
    """Two looks, and a step. Raises SwarmError, BrokerUnreachable."""
    logs.configure(settings.log_level, settings.log_format)
    scaler = Autoscaler(settings, plan)
    scaler.look()
    time.sleep(plan.interval_s)
    service = scaler.look()
    wish = decide(plan.goal, service.replicas, scaler.samples)
    scaler.grant(service, wish)
    return f"{plan.service}: {service.replicas} replicas, {wish.replicas} wanted: {wish.reason}"


def _leave(number: int, _frame: object) -> NoReturn:
    """Nothing is half done at any time: a change is one request."""
    log.info("autoscaler_stopped", signal=signal.Signals(number).name)
    raise SystemExit(0)


class Autoscaler:
    """samples: a cool-down's worth, none older than the last change of the replicas."""

    def __init__(self, settings: Settings, plan: Plan) -> None:
        self.swarm = Swarm()
        self.samples: list[Sample] = []
        self._queue = settings.amqp_queue
        self._brokers = Brokers.of(settings)
        self._plan = plan
        self._replicas: int | None = None
        self._lesson: Lesson | None = None
        self._proposed: Wish | None = None
        self._broker = Sight("broker")
        self._engine = Sight("swarm")

    def step(self) -> None:
        """One look, and what follows from it.

        What cannot be seen is logged once, and nothing is changed.
        """
        try:
            service = self.swarm.look(self._plan.service)
            self._engine.gained()
            self._see(service)
            self._broker.gained()
        except SwarmError as error:
            self._engine.lost(str(error))
            self.samples.clear()
            return
        except BrokerUnreachable as error:
            self._broker.lost(str(error))
            self.samples.clear()
        try:
            wish = decide(self._plan.goal, service.replicas, self.samples, self._lesson)
            self.grant(service, wish)
        except SwarmError as error:
            self._engine.lost(str(error))

    def look(self) -> Service:
        """Raises SwarmError, BrokerUnreachable."""
        service = self.swarm.look(self._plan.service)
        self._see(service)
        return service

    def _see(self, service: Service) -> None:
        if service.replicas != self._replicas:
            self.samples.clear()
        self._replicas = service.replicas
        sample = self._sample()
        # One that is older than the cool-down tells that it is over.
        oldest = sample.at - max(self._plan.goal.cooldown_s, self._plan.goal.target_wait_s)
        while len(self.samples) > 1 and self.samples[1].at <= oldest:
            del self.samples[0]
        self.samples.append(sample)

    def _sample(self) -> Sample:
        with visit(self._brokers, "executor autoscale") as broker:
            queue = depth(broker, self._queue)
        if queue.ready is None or queue.consumers is None:
            raise BrokerUnreachable(f"no queue '{queue.name}': a worker declares it at its start")
        crew = ask_crew(self._plan.workers)
        return Sample(
            at=time.monotonic(),
            ready=queue.ready,
            consumers=queue.consumers,
            busy=busy_of(crew, queue.consumers),
            service_s=service_time(crew)[0],
        )

    def grant(self, service: Service, wish: Wish) -> None:
        """Raises SwarmError."""
        if wish.replicas == service.replicas:
            log.debug("replicas_kept", replicas=service.replicas, reason=wish.reason)
            return
        facts: dict[str, Any] = {
            "service": self._plan.service,
            "before": service.replicas,
            "after": wish.replicas,
            "reason": wish.reason,
        }
        if service.update is not None:
            # A change in the midst of an update would become what the update is taken back to.
            log.debug("replicas_kept", replicas=service.replicas, reason=f"update {service.update}")
        elif not self._plan.dry_run:
            self.swarm.scale(service, wish.replicas)
            if wish.replicas > service.replicas:
                self._lesson = Lesson(service.replicas, time.monotonic())
            self.samples.clear()
            log.info("replicas_changed", **facts)
        elif self._proposed is None or self._proposed.replicas != wish.replicas:
            self._proposed = wish
            log.info("replicas_proposed", **facts)


class Sight:
    """Whether something is seen; a change of that is logged, and nothing else."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._reason: str | None = None

    def gained(self) -> None:
        """It is seen."""
        if self._reason is not None:
            log.info(f"{self._what}_found")
        self._reason = None

    def lost(self, reason: str) -> None:
        """It is not."""
        if reason != self._reason:
            log.warning(f"{self._what}_lost", reason=reason)
        self._reason = reason
