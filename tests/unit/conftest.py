"""What tests of problem packages share."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from executor.packages import Package, read_package
from tests.unit.package_files import LANGUAGES, Read


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a package made of files, by their names; later ones replace earlier ones, and a file
    whose text is None is left out."""

    def read(*parts: Mapping[str, str | None]) -> Package:
        for name, text in {k: v for part in parts for k, v in part.items()}.items():
            if text is not None:
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return read_package(tmp_path, LANGUAGES)

    return read
