"""Three hundred jobs in a storm: nothing is lost, nothing is wrong, nothing is left."""

import os
import subprocess
from pathlib import Path

import pytest

from storm.faults import OF_A_CLUSTER, Kind

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# It kills safeexec, and looks into it.
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n", "--preserve-env=PYTHONPATH"]


@pytest.mark.parametrize(
    ("nodes", "kinds"),
    [(1, [kind for kind in Kind if kind not in OF_A_CLUSTER]), (3, list(Kind))],
    ids=["one broker", "three nodes"],
)
def test_a_storm_breaks_no_promise(nodes: int, kinds: list[Kind]) -> None:
    options = ["--seed", "1", "--jobs", "300", "--workers", "3", "--nodes", str(nodes)]
    done = subprocess.run(
        [*AS_ROOT, str(ROOT / "script" / "chaos"), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 promises broken" in done.stdout
    for kind in kinds:
        assert kind in done.stdout
