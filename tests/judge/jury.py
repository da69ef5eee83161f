"""Checkers and interactors, small ones in Python, as jobs take them."""

from typing import Any


def program(source: str, **fields: Any) -> dict[str, Any]:
    return {"language": "python3", "source": source, **fields}


def by_testlib(source: str, **fields: Any) -> dict[str, Any]:
    """Called as `input output answer`; `exit(code)` is its verdict, stderr its message."""
    return {"type": "testlib", "program": program(source, **fields)}


def by_kattis(source: str, **fields: Any) -> dict[str, Any]:
    """Called as `input answer feedback_dir/`, the output on its standard input."""
    return {"type": "kattis", "program": program(source, **fields)}


def interactor(protocol: str, source: str, **fields: Any) -> dict[str, Any]:
    return {"protocol": protocol, "program": program(source, **fields)}
