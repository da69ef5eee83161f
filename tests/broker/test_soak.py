"""A thousand jobs in a row leave nothing behind; script/bench soak takes ten thousand."""

import pytest

from bench.soak import soak

JOBS = 1_000
GROWTH_MIB = 2.0


@pytest.mark.slow
def test_a_worker_is_after_many_jobs_as_it_was_before() -> None:
    before, after = soak(JOBS)
    assert after.pop("RSS") - before.pop("RSS") <= GROWTH_MIB
    assert after == before
