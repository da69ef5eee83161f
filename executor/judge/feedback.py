"""What of a test may leave the judge."""

from executor.contract import Diff, Job, Test, TestResult, Verdict
from executor.judge.capture import Capture
from executor.judge.difference import CheckResult
from executor.judge.run import Run
from executor.judge.units import milliseconds
from executor.sandbox import Outcome, RunLimits


def kept_bytes(job: Job, test: Test) -> int:
    """How much of each stream of a test to keep, which is none if it may not be told."""
    shows_all = job.is_visible(test) or job.policy.feedback == "full"
    return job.output_bytes(test) if shows_all else 0


def tells_messages(job: Job, test: Test) -> bool:
    """Whether what a checker says of a test may be told."""
    return job.is_visible(test) or job.policy.feedback != "verdict"


def test_result(job: Job, test: Test, run: Run, limits: RunLimits) -> TestResult:
    """The result of a test; exit code, signal and usage always stand in it."""
    outcome = run.outcome
    kept = kept_bytes(job, test)
    check = run.check if tells_messages(job, test) else None
    return TestResult(
        id=test.id,
        group=test.group,
        verdict=run.verdict,
        cpu_ms=milliseconds(outcome.cpu_us),
        wall_ms=milliseconds(outcome.wall_us),
        memory_kib=outcome.memory_kib,
        exit_code=None if outcome.signal else outcome.exit_code,
        signal=outcome.signal or None,
        score=_score(job, test, run),
        message=_forbidden(outcome) if check is None else check.message,
        diff=None if check is None else _diff(check),
        stdout=_text(run.stdout, kept),
        stdout_truncated=kept > 0 and run.stdout.truncated,
        stderr=_text(run.stderr, kept),
        stderr_truncated=kept > 0 and run.stderr.truncated,
        near_limit=_is_near(outcome.cpu_us, limits, job.policy.rerun.window_pct),
    )


def skipped(test: Test) -> TestResult:
    """The result of a test that was not run."""
    return TestResult(id=test.id, group=test.group, verdict=Verdict.SK, runs=0)


def _score(job: Job, test: Test, run: Run) -> float:
    if run.check is not None and run.check.score is not None:
        return run.check.score
    return job.points_of(test) if run.verdict is Verdict.AC else 0.0


def _diff(check: CheckResult) -> Diff | None:
    places = (check.line, check.expected, check.found)
    if places == (None, None, None):
        return None
    return Diff(line=check.line, token=check.token, expected=check.expected, found=check.found)


def _forbidden(outcome: Outcome) -> str | None:
    return f"forbidden system call: {outcome.call}" if outcome.call else None


def _text(capture: Capture, kept: int) -> str | None:
    return capture.text() if kept else None


def _is_near(cpu_us: int, limits: RunLimits, window_pct: int) -> bool:
    """Whether the CPU time is within so many percent of its limit, on either side."""
    limit_us = limits.cpu_ms * 1000
    return abs(cpu_us - limit_us) * 100 <= limit_us * window_pct
