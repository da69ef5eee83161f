"""Blobs by path, out of the folder of packages."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from executor.contract.fields import MIB
from tests.judge.blobs import (
    BODY,
    got,
    make_testdata,
    opened,
    reason,
    refusal,
)


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    folder = tmp_path / "packages"
    (folder / "sum" / "data").mkdir(parents=True)
    (folder / "sum" / "data" / "1.in").write_bytes(BODY)
    (tmp_path / "secret").write_bytes(b"secret")
    return folder


def test_a_path_leads_into_the_package_folder(cache: Path, packages: Path) -> None:
    testdata = make_testdata(cache, packages=packages)
    with opened(testdata, {"path": "sum/data/1.in"}) as [path]:
        (packages / "sum" / "data" / "1.in").write_bytes(b"changed")
        assert path.read_bytes() == BODY
    assert got(testdata, {"path": "sum/data/1.in"}) == b"changed"


def test_a_path_without_a_package_folder_is_refused(cache: Path) -> None:
    error = refusal(make_testdata(cache), {"path": "sum/data/1.in"})
    assert reason(error) == "no_packages"
    assert "EXECUTOR_PACKAGES_DIR is not set" in error.message


REFUSED_PATHS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "no such file"),
    "a link out": (lambda path: path.symlink_to("../../secret"), "symbolic link"),
    "a link to the root": (lambda path: path.symlink_to("/etc/passwd"), "symbolic link"),
    "a link that stays inside": (lambda path: path.symlink_to("data/1.in"), "symbolic link"),
    "a folder": (Path.mkdir, "not a regular file"),
    "a pipe": (os.mkfifo, "not a regular file"),
    "a device": (lambda path: os.mknod(path, 0o20666, os.makedev(1, 3)), "not a regular file"),
    "too large": (lambda path: path.write_bytes(b"x" * (MIB + 1)), "longer than 1048576 bytes"),
}


@pytest.mark.parametrize(("make", "text"), REFUSED_PATHS.values(), ids=REFUSED_PATHS.keys())
def test_a_path_that_leads_nowhere_good_is_refused(
    cache: Path, packages: Path, make: Callable[[Path], object], text: str
) -> None:
    make(packages / "sum" / "x")
    error = refusal(make_testdata(cache, packages=packages), {"path": "sum/x"})
    assert reason(error) in ("no_file", "too_large")
    assert text in error.message
    assert "secret" not in error.message


def test_a_path_through_a_linked_folder_is_refused(cache: Path, packages: Path) -> None:
    (packages / "out").symlink_to("..")
    error = refusal(make_testdata(cache, packages=packages), {"path": "out/secret"})
    assert reason(error) == "no_file"


def test_a_package_folder_that_went_away_is_told(cache: Path, tmp_path: Path) -> None:
    error = refusal(make_testdata(cache, packages=tmp_path / "gone"), {"path": "sum/1.in"})
    assert reason(error) == "no_file"
    assert str(tmp_path) not in error.message
