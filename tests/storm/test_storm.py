"""Three hundred jobs in a storm: nothing is lost, nothing is wrong, nothing is left."""

import os

import pytest

from stack.paths import ROOT
from storm.faults import OF_A_CLUSTER, Kind
from tests.page import README, changed, commands, type_in

pytestmark = pytest.mark.slow

# It kills safeexec, and looks into it.
AS_ROOT = "" if os.geteuid() == 0 else "sudo -n --preserve-env=PYTHONPATH"


@pytest.mark.parametrize(
    ("nodes", "kinds"),
    [(1, [kind for kind in Kind if kind not in OF_A_CLUSTER]), (3, list(Kind))],
    ids=["one broker", "three nodes"],
)
def test_a_storm_breaks_no_promise(nodes: int, kinds: list[Kind]) -> None:
    (page,) = commands(ROOT / "docs" / "reliability.md")["The storm"]
    (readme,) = commands(README)["What is lost when something fails"]
    storm = readme.partition("#")[0].strip()
    assert storm == page.partition("#")[0].strip()
    fewer = {"--seed 5": "--seed 1", "--jobs 5000": "--jobs 300", "--nodes 3": f"--nodes {nodes}"}
    told = type_in(ROOT, f"{AS_ROOT} {changed(storm, fewer)}")
    assert "0 promises broken" in told
    for kind in kinds:
        assert kind in told
