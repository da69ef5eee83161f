"""Readers of problem packages: from a folder to jobs. They run nothing and write nothing."""

from executor.packages.errors import PackageError
from executor.packages.package import (
    Package,
    Submission,
    job_for,
    read_package,
    read_submission,
)
from executor.packages.promise import Promise
from executor.packages.submissions import ALONE, Listed

__all__ = [
    "ALONE",
    "Listed",
    "Package",
    "PackageError",
    "Promise",
    "Submission",
    "job_for",
    "read_package",
    "read_submission",
]
