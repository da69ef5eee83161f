"""A repair of pika: a header it cannot decode must not cost the connection."""

import struct
from typing import Any

import pika.data

_decode_table = pika.data.decode_table


def tolerate_headers() -> None:
    """Lets pika read a table that it cannot decode (a time in the year 10^9) as an empty one.

    pika 1.4 raises in the middle of a frame then, and drops the connection. The message would go
    back to the head of the queue, and one frontend's header would stop every worker for good.
    """
    pika.data.decode_table = _tolerant


def _tolerant(encoded: bytes, offset: int) -> tuple[dict[str | bytes, Any], int]:
    try:
        decoded: tuple[dict[str | bytes, Any], int] = _decode_table(encoded, offset)
        return decoded
    except Exception:
        (size,) = struct.unpack_from(">I", encoded, offset)
        return {}, offset + 4 + size
