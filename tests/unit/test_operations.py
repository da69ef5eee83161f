"""The pages for operators: what they tell to type is what the tests of tests/engine type."""

import subprocess

from stack.paths import ROOT
from tests.page import OPERATIONS, commands


def test_the_readme_deploys_as_the_page_does() -> None:
    page = commands(OPERATIONS)
    told = "".join(block for blocks in page.values() for block in blocks).splitlines()
    blocks = commands(ROOT / "README.md")["Deploying it"]
    assert [line for block in blocks for line in block.splitlines() if line not in told] == []


def test_every_block_of_the_page_is_followed_by_a_test() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "engine").glob("test_*.py"))
    unfollowed = [heading for heading in commands(OPERATIONS) if f'"{heading}"' not in tests]
    assert unfollowed == []


def test_the_dockerfiles_have_no_lint() -> None:
    # DL3008: Debian keeps one version of each package, so a pinned one would soon be gone.
    lint = [".venv/bin/hadolint", "--ignore=DL3008", "Dockerfile", "tests/places/Dockerfile"]
    done = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
