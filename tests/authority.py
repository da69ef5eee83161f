"""Certificates for a broker and its clients, by an authority of our own."""

import datetime
from pathlib import Path

import trustme


class Authority:
    """Writes what it makes into a folder, each in a file that every service may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self.file = self._write("authority", self._ca.cert_pem)

    def issue(self, name: str, *names: str, expired: bool = False) -> Path:
        """A certificate for those names, with its key, in one file."""
        now = datetime.datetime.now(datetime.UTC)
        past = {"not_before": now - datetime.timedelta(2), "not_after": now - datetime.timedelta(1)}
        made = self._ca.issue_cert(*names, **(past if expired else {}))
        return self._write(name, made.private_key_and_cert_chain_pem)

    def _write(self, name: str, blob: trustme.Blob) -> Path:
        path = self._folder / f"{name}.pem"
        path.touch(mode=0o644)
        blob.write_to_path(str(path))
        return path
