"""Folders for a while: removed in the end, and cleared only if their owner is dead."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from executor.scratch import clear, scratch

OWNER = """
import sys, time
from pathlib import Path
from executor.scratch import scratch
with scratch(Path(sys.argv[1]), "job-") as folder:
    (folder / "source").touch()
    print(flush=True)
    time.sleep(60)
"""


def test_a_folder_is_gone_in_the_end_with_all_that_is_in_it(tmp_path: Path) -> None:
    with scratch(tmp_path, "job-") as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").touch()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_may_be_moved_away_by_its_owner(tmp_path: Path) -> None:
    with scratch(tmp_path, "new-") as folder:
        folder.rename(tmp_path / "kept")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_folder_that_somebody_lives_in_is_not_cleared(tmp_path: Path) -> None:
    with scratch(tmp_path, "job-") as folder:
        clear(tmp_path, "job-")
        assert folder.exists()


def test_only_folders_of_the_prefix_are_cleared(tmp_path: Path) -> None:
    for name in ("job-1", "kept"):
        (tmp_path / name).mkdir()
    clear(tmp_path, "job-")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    (tmp_path / "job-1").symlink_to(outside)
    clear(tmp_path, "job-")
    assert (outside / "file").exists()


def test_the_folder_of_a_killed_owner_is_cleared(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        clear(tmp_path, "job-")
        assert len(list(tmp_path.iterdir())) == 1
        os.kill(owner.pid, signal.SIGKILL)
    clear(tmp_path, "job-")
    assert list(tmp_path.iterdir()) == []
