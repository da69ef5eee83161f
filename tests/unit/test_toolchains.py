"""What script/setup finds to do for the languages it is asked for."""

import subprocess
from pathlib import Path

import pytest

from executor.languages import Languages
from stack import toolchains

ROOT = Path(__file__).parents[2]
FILE = ROOT / "config" / "languages.toml"

TOY: toolchains.Family = {
    "packages": ["toy"],
    "variants": {"toy1": {"aliases": ["t"]}},
    "compile": ["/usr/bin/toyc"],
    "run": ["./program"],
    "version": ["/usr/bin/true"],
}


@pytest.mark.parametrize("choice", ["standard", "all", "c", "c++,haskell", "py3,hs"])
def test_a_choice_means_the_same_to_setup_as_to_the_worker(choice: str) -> None:
    found = toolchains.chosen(choice)
    only = None if choice == "all" else choice.split(",")
    assert found.keys() == {each.family for each in Languages.load(FILE, only).known.values()}


def test_an_unknown_choice_is_told_in_one_line() -> None:
    with pytest.raises(toolchains.WrongChoice, match="no language 'intercal'; there are c, cpp"):
        toolchains.chosen("c,intercal")


def test_what_is_installed_needs_no_package() -> None:
    assert (
        toolchains.packages({"toy": dict(TOY) | {"compile": ["/usr/bin/true"]}}, strict=True)
        == set()
    )


def test_what_this_debian_lacks_is_left_out_of_a_set(capsys: pytest.CaptureFixture[str]) -> None:
    other = dict(TOY) | {"packages": ["bash"]}
    families = {"toy": dict(TOY) | {"packages": ["bash", "no-such-toy"]}, "other": other}
    assert toolchains.packages(families, strict=False) == {"bash"}
    told = "setup: toy is left out: this Debian has no package no-such-toy\n"
    assert capsys.readouterr().err == told


def test_what_this_debian_lacks_cannot_be_asked_for() -> None:
    families = {"toy": dict(TOY) | {"packages": ["no-such-toy"]}}
    with pytest.raises(toolchains.WrongChoice, match="no package no-such-toy"):
        toolchains.packages(families, strict=True)


def test_a_copy_is_made_and_made_anew_when_its_source_has_changed(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "a").write_text("1")
    families = {"toy": {"copies": {str(target): str(source)}}}
    assert list(toolchains.copies(families)) == [f"copy {target} {source}"]
    subprocess.run(["cp", "-rL", "--preserve=timestamps", source, target], check=True)
    assert list(toolchains.copies(families)) == []
    (source / "a").write_text("22")
    assert list(toolchains.copies(families)) == [f"copy {target} {source}"]


def test_what_programs_see_already_is_linked() -> None:
    sources = ["/usr/none", "/usr/lib", "/usr/bin"]
    families = {"toy": {"copies": {"/nowhere/lib": sources, "/nowhere/none": "/usr/none"}}}
    assert list(toolchains.copies(families)) == ["link /nowhere/lib /usr/lib"]


def test_setup_needs_nothing_but_the_standard_library() -> None:
    """As script/setup starts it: the system's Python, which has none of our packages."""
    program = ROOT / "script" / "stack" / "toolchains.py"
    argv = ["/usr/bin/python3", "-P", str(program), "absent", "standard"]
    done = subprocess.run(argv, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
