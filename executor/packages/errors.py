"""What is wrong with a package."""


class PackageError(Exception):
    """A package cannot be judged; one line: the file, the key in it, and what is wrong there."""
