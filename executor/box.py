"""The folder of a box, as a program left it: every name and file in it is a stranger's."""

import os
import stat
from collections.abc import Iterator, Sequence
from io import FileIO
from pathlib import PurePosixPath
from typing import Self

_SAFE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class NoFile(Exception):
    """There is no regular file of that name which we may read; the text says why."""


class Box:
    """An open folder that no program changes any more. Symbolic links in it are never followed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the folder, so that its memory is freed."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def open(self, name: str) -> FileIO:
        """The regular file with a relative name. Raises NoFile."""
        *folders, last = PurePosixPath(name).parts
        folder = self._folder(folders)
        try:
            return _regular(last, folder)
        finally:
            os.close(folder)

    def _folder(self, parts: Sequence[str]) -> int:
        """A descriptor of a folder in the box, to be closed. Raises NoFile."""
        folder = os.dup(self._descriptor)
        try:
            for part in parts:
                inner = _open(part, folder, os.O_DIRECTORY)
                os.close(folder)
                folder = inner
        except NoFile:
            os.close(folder)
            raise
        return folder

    def files_in(self, name: str, max_files: int) -> Iterator[tuple[str, FileIO]]:
        """Every regular file directly in a folder, with its name; each is closed after its turn.

        Folders, links and the like in it are passed over. Raises NoFile if there is no such
        folder, or if it holds more entries than said.
        """
        folder = self._folder(PurePosixPath(name).parts)
        try:
            names = os.listdir(folder)
            if len(names) > max_files:
                raise NoFile(f"more than {max_files} files")
            for name in sorted(names):
                if stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                    with _regular(name, folder) as file:
                        yield name, file
        finally:
            os.close(folder)

    def files(self, suffix: str, max_depth: int, max_files: int) -> Iterator[tuple[str, FileIO]]:
        """Every regular file with a suffix, with its relative name; each is closed after its turn.

        Raises NoFile if folders are nested deeper or hold more entries of any kind than said.
        """
        seen = 0
        for path, _, names, folder in os.fwalk(".", dir_fd=self._descriptor):
            parts = PurePosixPath(path).parts
            seen += len(names) + 1
            if len(parts) > max_depth or seen > max_files:
                raise NoFile(f"more than {max_files} files, or {max_depth} nested folders")
            for name in sorted(names):
                if name.endswith(suffix):
                    with _regular(name, folder) as file:
                        yield "/".join((*parts, name)), file


def _open(name: str, folder: int, flags: int = 0) -> int:
    try:
        return os.open(name, _SAFE | flags, dir_fd=folder)
    except OSError as error:
        raise NoFile((error.strerror or str(error)).lower()) from error


def _regular(name: str, folder: int) -> FileIO:
    descriptor = _open(name, folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NoFile("not a regular file")
    return FileIO(descriptor, "rb")
