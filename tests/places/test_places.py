"""The sandbox on every kind of host that it may meet, and the page that tells what holds there.

A place that cannot be brought up is a failure: what was not tried is not known to hold.
"""

from collections.abc import Iterator

import pytest

from tests.places import page
from tests.places.hosts import engine
from tests.places.places import PLACES, Place
from tests.places.runner import Runner

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Begins with all places, so that the tests only wait. For one alone: script/places NAME."""
    with engine([place.host for place in PLACES]), Runner(PLACES) as runner:
        yield runner


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_test_of_the_sandbox_passes_at(place: Place, runner: Runner) -> None:
    run = runner.run_of(place)
    assert not run.faults, run.tail


def test_the_page_tells_what_was_seen(runner: Runner) -> None:
    seen = page.render([runner.run_of(place) for place in PLACES])
    written = page.PAGE.read_text()
    assert page.without_kernels(written) == page.without_kernels(seen), "script/places --write"
