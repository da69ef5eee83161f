"""Puts a worker together: sandbox, languages, judge, consumer."""

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from executor import __version__, logs
from executor.allocator import settle_memory
from executor.answers import Answerer
from executor.blobs.cache import Cache
from executor.blobs.fetch import Fetcher
from executor.blobs.hosts import Hosts
from executor.consumer import Consumer
from executor.contract.fields import MIB
from executor.judge import Judge
from executor.judge.cache import CompileCache
from executor.judge.health import HealthRecord
from executor.judge.testdata import TestData, TestDataLimits
from executor.languages import Languages, LanguagesError
from executor.sandbox import Sandbox, SandboxUnavailable
from executor.settings import Settings, WrongSettings

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
    _check_work_dir(settings.executor_work_dir)
    sandbox = Sandbox(settings.safeexec_socket)
    testdata = _testdata(settings)
    languages = _languages(settings, sandbox)
    judge = Judge(
        sandbox,
        languages,
        testdata,
        cache=_compile_cache(settings),
        worker=settings.executor_name,
        work_dir=settings.executor_work_dir,
        await_sandbox_s=AWAIT_SANDBOX_S,
    )
    try:
        code = Consumer(settings, Answerer(judge)).run()
    except Exception:
        log.exception("worker_crashed")
        return 1
    log.info("worker_stopped")
    return code


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
    if packages is not None and not (packages.is_dir() and os.access(packages, os.X_OK)):
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


def _languages(settings: Settings, sandbox: Sandbox) -> Languages:
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
