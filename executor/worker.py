"""Puts a worker together: sandbox, languages, judge, consumer."""

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from errno import EADDRINUSE
from pathlib import Path
from typing import Any

import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from executor import __version__, logs
from executor.activity import Activities
from executor.allocator import settle_memory
from executor.answers import Answerer
from executor.blobs.cache import Cache
from executor.blobs.fetch import Fetcher
from executor.blobs.hosts import Hosts
from executor.broker.address import Brokers
from executor.consumer import Consumer
from executor.contract.fields import MIB
from executor.endpoints import Endpoints, application
from executor.judge import Judge
from executor.judge.cache import CompileCache
from executor.judge.health import HealthRecord
from executor.judge.testdata import TestData, TestDataLimits
from executor.languages import Languages, LanguagesError
from executor.metrics import Metrics
from executor.monitor import Monitor
from executor.sandbox import Sandbox, SandboxUnavailable
from executor.settings import Settings, WrongSettings
from executor.watchdog import Watchdog

log = structlog.get_logger()

AWAIT_SANDBOX_S = 30
"""A supervisor starts safeexec again within seconds."""


def serve(settings: Settings) -> int:
    """Serves until a signal; returns the exit code. Raises WrongSettings."""
    settle_memory()
    logs.configure(settings.log_level, settings.log_format)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    log.info("worker_started", version=__version__, name=settings.executor_name)
    brokers = Brokers.of(settings)
    _check_work_dir(settings.executor_work_dir)
    sandbox = Sandbox(settings.safeexec_socket)
    metrics = Metrics()
    monitor = Monitor(settings.executor_name, sandbox, metrics)
    with _endpoints(settings, monitor, metrics):
        consumer = _consumer(settings, brokers, sandbox, monitor, metrics)
        Watchdog(monitor.signs, settings.executor_watchdog_s).start()
        try:
            code = consumer.run()
        except Exception:
            log.exception("worker_crashed")
            return 1
    log.info("worker_stopped")
    return code


def _consumer(
    settings: Settings, brokers: Brokers, sandbox: Sandbox, monitor: Monitor, metrics: Metrics
) -> Consumer:
    """All that a worker consists of; waits for the sandbox."""
    testdata = _testdata(settings)
    languages = _languages(settings, sandbox, monitor)
    cache = _compile_cache(settings)
    metrics.add_cache("testdata", testdata.lookups)
    if cache is not None:
        metrics.add_cache("compile", cache.lookups)
    judge = Judge(
        sandbox,
        languages,
        testdata,
        cache=cache,
        worker=settings.executor_name,
        work_dir=settings.executor_work_dir,
        await_sandbox_s=AWAIT_SANDBOX_S,
    )
    return Consumer(settings, brokers, Answerer(judge, Activities(languages.find)), monitor)


@contextlib.contextmanager
def _endpoints(settings: Settings, monitor: Monitor, metrics: Metrics) -> Iterator[None]:
    """Where the worker may be asked how it is, from its start on."""
    endpoints = Endpoints(application(monitor, metrics.registry))
    host, port = settings.executor_http_host, settings.executor_http_port
    if port:
        try:
            endpoints.serve_tcp(host, port)
        except OSError as error:
            remedy = (
                "; each worker of a host needs one of its own" if error.errno == EADDRINUSE else ""
            )
            raise WrongSettings(
                f"EXECUTOR_HTTP_PORT: {host}:{port}: {error.strerror}{remedy}"
            ) from None
        log.info("http_opened", host=host, port=port)
    with endpoints.serve_unix(settings.executor_work_dir, settings.executor_name):
        yield


def _check_work_dir(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise WrongSettings(f"EXECUTOR_WORK_DIR: {folder}: {error.strerror}") from None


def _testdata(settings: Settings) -> TestData:
    folder = settings.executor_testdata_dir or settings.executor_work_dir / "testdata"
    cache = Cache(folder, settings.executor_testdata_cache_mib * MIB)
    try:
        cache.prepare()
    except OSError as error:
        raise WrongSettings(f"EXECUTOR_TESTDATA_DIR: {folder}: {error.strerror}") from None
    packages = settings.executor_packages_dir
    if packages is not None and not (os.path.isdir(packages) and os.access(packages, os.X_OK)):
        raise WrongSettings(f"EXECUTOR_PACKAGES_DIR: {packages}: no folder that we may enter")
    limits = TestDataLimits(
        blob_bytes=settings.executor_testdata_blob_mib * MIB,
        blob_s=settings.executor_testdata_timeout_s,
    )
    return TestData(cache, Fetcher(Hosts(settings.executor_testdata_hosts)), packages, limits)


def _compile_cache(settings: Settings) -> CompileCache | None:
    if settings.executor_compile_cache_mib == 0:
        return None
    folder = settings.executor_compile_cache_dir or settings.executor_work_dir / "compiled"
    cache = CompileCache(folder, settings.executor_compile_cache_mib * MIB)
    try:
        cache.prepare()
    except OSError as error:
        raise WrongSettings(f"EXECUTOR_COMPILE_CACHE_DIR: {folder}: {error.strerror}") from None
    return cache


def _languages(settings: Settings, sandbox: Sandbox, monitor: Monitor) -> Languages:
    """The languages that work here; waits for safeexec, which may be starting too."""
    try:
        languages = Languages.load(
            settings.executor_languages_file, settings.executor_languages or None
        )
    except LanguagesError as error:
        raise WrongSettings(str(error)) from None
    Retrying(
        retry=retry_if_exception_type(SandboxUnavailable),
        wait=wait_random_exponential(multiplier=0.5, max=10),
        before_sleep=_tell_unavailable,
    )(languages.self_test, sandbox, HealthRecord.below(settings.executor_work_dir))
    with contextlib.suppress(SandboxUnavailable), sandbox.slot() as slot:
        monitor.sandbox_found(slot.isolation, slot.slots)
    for name, why in languages.withdrawn.items():
        log.warning("language_withdrawn", language=name, reason=why)
    absent = sorted(languages.absent)
    log.info("languages_tested", working=sorted(languages.working), not_installed=absent)
    return languages


def _tell_unavailable(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("sandbox_unavailable", error=str(error))


def _leave(*_: Any) -> None:
    """Nothing has been taken yet: a signal ends us as it is."""
    sys.exit(0)
