"""A seed says which faults come, where and for how long."""

from collections import Counter

import pytest

from storm.faults import JOBS_PER_FAULT, OF_A_CLUSTER, Kind, faults
from storm.jobs import storm_job

STORM = {"jobs": 3000, "workers": 3, "nodes": 3}


def test_the_same_seed_is_the_same_storm() -> None:
    assert faults(7, **STORM) == faults(7, **STORM)
    assert [storm_job(7, number) for number in range(100)] == [
        storm_job(7, number) for number in range(100)
    ]


def test_another_seed_is_another_storm() -> None:
    assert faults(7, **STORM) != faults(8, **STORM)
    assert storm_job(7, 1).id != storm_job(8, 1).id


def test_a_longer_storm_begins_as_a_short_one_does() -> None:
    long = faults(7, **STORM)
    assert long[:20] == faults(7, jobs=20 * JOBS_PER_FAULT, workers=3, nodes=3)


def test_there_is_a_fault_for_so_many_jobs_and_they_come_in_order() -> None:
    places = [fault.place for fault in faults(7, **STORM)]
    assert len(places) == STORM["jobs"] // JOBS_PER_FAULT
    assert places == sorted(places)


@pytest.mark.parametrize(("nodes", "kinds"), [(1, set(Kind) - set(OF_A_CLUSTER)), (3, set(Kind))])
def test_every_kind_comes_before_any_comes_again(nodes: int, kinds: set[Kind]) -> None:
    found = [fault.kind for fault in faults(7, jobs=1500, workers=3, nodes=nodes)]
    assert set(found[: len(kinds)]) == kinds
    assert max(Counter(found).values()) - min(Counter(found).values()) <= 1


def test_victims_are_among_those_that_there_are() -> None:
    for fault in faults(7, **STORM):
        assert fault.worker in range(3)
        assert fault.node in range(3)


def test_no_two_jobs_of_a_storm_have_one_id() -> None:
    assert len({storm_job(7, number).id for number in range(500)}) == 500
