"""From a job to its result: compile, run each test, compare, decide."""

from executor.judge.pipeline import Judge
from executor.sandbox import Killed

__all__ = ["Judge", "Killed"]
