from collections.abc import Callable
from pathlib import Path

import pytest

from executor.contract import Limits
from executor.languages import Languages, LanguagesError

FILE = Path(__file__).parents[2] / "config" / "languages.toml"

MEASURED = (
    "name",
    "runtime",
    "compile",
    "median",
    "worst",
    "MiB",
    "twice worst",
    "add ms",
    "add MiB",
)

SMALL = """
[toy]
name = "Toy"
packages = ["toy"]
suffixes = [".toy"]
source_name = "main.toy"
compile = ["/usr/bin/toyc", "{options}", "{sources}"]
run = ["/usr/bin/toy", "{entry}"]
runtime = "toy"
version = ["/usr/bin/toy"]
self_test = "hello"
variants = { toy1 = { name = "Toy 1", values = { options = "-1" } } }
"""

Written = Callable[[str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str) -> Path:
        path = tmp_path / "languages.toml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("c", "c23"),
        ("c11", "c11"),
        ("c2x", "c23"),
        ("cpp", "cpp23"),
        ("c++", "cpp23"),
        ("c++11", "cpp11"),
        ("cpp17", "cpp17"),
        ("python", "python3"),
        ("py3", "python3"),
        ("java", "java"),
        ("js", "javascript"),
        ("node", "javascript"),
        ("nodejs", "javascript"),
    ],
)
def test_a_language_is_found_by_id_alias_and_family(name: str, id: str) -> None:
    language = Languages.load(FILE).find(name)
    assert language is not None
    assert language.id == id


@pytest.mark.parametrize("name", ["", "C", "intercal", "cpp26", "main.c"])
def test_any_other_name_finds_none(name: str) -> None:
    assert Languages.load(FILE).find(name) is None


def test_a_choice_may_name_ids_aliases_and_families() -> None:
    languages = Languages.load(FILE, ["c++17", "cpp20", "java", "c"])
    assert list(languages.working) == ["c11", "c17", "c23", "cpp17", "cpp20", "java"]
    newest = languages.find("cpp")
    assert newest is not None
    assert newest.id == "cpp20"
    assert languages.find("python") is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("[toy]", "[toy"), "line 2"),
        (('name = "Toy"\n', ""), "toy.name: field required"),
        (('run = ["/usr/bin/toy", "{entry}"]', "run = []"), "toy.run: "),
        (('runtime = "toy"', 'runtime = "toy"\ncolour = 1'), "toy.colour: "),
        (('options = "-1"', 'option = "-1"'), "toy1: no such placeholder: 'options'"),
        (("{entry}", "{heap}"), "toy1: no such placeholder: 'heap'"),
    ],
)
def test_a_wrong_file_is_told_in_one_line(
    written: Written, change: tuple[str, str], complaint: str
) -> None:
    path = written(SMALL.replace(*change))
    with pytest.raises(LanguagesError) as told:
        Languages.load(path)
    assert str(told.value).startswith(f"{path}: ")
    assert complaint in str(told.value)
    assert "\n" not in str(told.value)


def test_a_name_that_means_two_languages_is_refused(written: Written) -> None:
    other = (
        SMALL.replace("[toy]", "[game]")
        .replace("toy1", "game1")
        .replace('name = "Toy"', 'name = "Game"\naliases = ["toy1"]')
    )
    with pytest.raises(LanguagesError, match="the name 'toy1' is taken"):
        Languages.load(written(SMALL + other))


def test_an_unknown_choice_and_a_missing_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(LanguagesError, match="no language 'intercal'; it has c11, c17"):
        Languages.load(FILE, ["intercal"])
    with pytest.raises(LanguagesError, match=r"nowhere\.toml: No such file"):
        Languages.load(tmp_path / "nowhere.toml")


def test_the_standard_set_may_be_chosen_by_its_name() -> None:
    chosen = Languages.load(FILE, ["standard", "haskell"]).known
    assert {"cpp23", "python3", "java", "haskell"} <= chosen.keys()
    assert all(each.standard for each in chosen.values() if each.id != "haskell")


def test_a_language_needs_every_file_of_the_host_that_its_commands_name(written: Written) -> None:
    run = '["/usr/bin/env", "-cp", "toy.jar:/usr/share/toy.jar", "/tmp/x", "{entry}"]'
    path = written(SMALL.replace('["/usr/bin/toy", "{entry}"]', run))
    (language,) = Languages.load(path).working.values()
    assert language.files == ("/usr/bin/toyc", "/usr/bin/env", "/usr/share/toy.jar", "/usr/bin/toy")
    assert language.absent == "/usr/bin/toyc"


def test_what_is_not_installed_is_set_aside_and_is_no_fault(written: Written) -> None:
    languages = Languages.load(written(SMALL))
    languages.find_absent()
    assert languages.find("toy") is None
    assert languages.absent == {"toy1": "/usr/bin/toyc"}
    assert languages.withdrawn == {}


def test_what_was_asked_for_by_name_and_is_not_installed_is_withdrawn(written: Written) -> None:
    languages = Languages.load(written(SMALL), ["toy"])
    languages.find_absent()
    assert languages.find("toy") is None
    assert languages.withdrawn == {"toy1": "not installed: there is no /usr/bin/toyc"}


def test_a_suffix_that_two_languages_share_is_told_apart_by_their_order() -> None:
    first = {}
    for language in Languages.load(FILE).known.values():
        for suffix in language.suffixes:
            first.setdefault(suffix, language.family)
    assert (first[".py"], first[".pl"], first[".lua"]) == ("python", "perl", "lua")


def test_the_additions_make_up_for_what_was_measured() -> None:
    """docs/languages.md is written by script/bench languages."""
    known = Languages.load(FILE).known
    rows = [
        dict(zip(MEASURED, map(str.strip, line.strip("|").split("|")), strict=True))
        for line in (FILE.parents[1] / "docs" / "languages.md").read_text().splitlines()
        if line.count("|") == len(MEASURED) + 1 and line.strip("| ").split(" ")[0] in known
    ]
    assert {known[row["name"]].family for row in rows} == {each.family for each in known.values()}
    for row in rows:
        assert known[row["name"]].cpu_add_ms >= int(row["twice worst"]), row
        assert float(row["MiB"]) < 1 or known[row["name"]].memory_add_kib / 1024 >= float(
            row["MiB"]
        )


def test_no_file_name_becomes_an_option_or_a_list_of_arguments() -> None:
    language = Languages.load(FILE).working["cpp17"]
    argv = language.compile_argv("-x.cpp", ["-x.cpp", "@y.cpp", "{z}.cpp"])
    assert argv[-3:] == ("./-x.cpp", "./@y.cpp", "{z}.cpp")
    assert "-std=gnu++17" in argv


def test_factors_extend_the_limits_and_the_runtime_keeps_below_them() -> None:
    language = (
        Languages.load(FILE)
        .working["java"]
        .model_copy(
            update={"cpu_factor": 2.0, "cpu_add_ms": 100, "memory_factor": 1.5, "memory_add_kib": 1}
        )
    )
    asked = Limits(cpu_ms=1000, memory_kib=100_000, stack_kib=2048)
    applied = language.apply(asked, use_factors=True)
    assert applied.limits.cpu_ms == 2100
    assert applied.limits.wall_ms == 3 * 2100 + 1000
    assert applied.limits.memory_kib == 150_001
    assert applied.limits.processes == 64
    argv = language.run_argv("Main", ["a"], applied)
    assert "-Xmx150000k" in argv
    assert "-Xss2048k" in argv
    assert argv[-2:] == ("Main", "a")


def test_a_job_may_decline_the_factors() -> None:
    language = Languages.load(FILE).working["java"]
    limits = language.apply(
        Limits(cpu_ms=1000, wall_ms=1500, processes=9), use_factors=False
    ).limits
    assert (limits.cpu_ms, limits.wall_ms, limits.memory_kib) == (1000, 1500, 262144)
    assert (limits.stack_kib, limits.processes) == (262144, 9)


def test_no_wall_limit_is_over_the_contracts() -> None:
    language = Languages.load(FILE).working["java"]
    assert language.apply(Limits(cpu_ms=60_000), use_factors=True).limits.wall_ms == 180_000
