"""How bytes travel inside JSON strings."""

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from pydantic_core import PydanticCustomError

_BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def decode_base64(text: str) -> bytes:
    """The bytes of RFC 4648 base64: padded, no white space. Raises `bad_base64`."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PydanticCustomError(
            "bad_base64", "not base64 of RFC 4648 with padding and without white space"
        ) from error


def decode_percent(text: str) -> bytes:
    """The bytes of a percent-encoded string; `+` stays `+`. Raises `bad_percent`."""
    broken = _BROKEN_PERCENT.search(text)
    if broken:
        raise PydanticCustomError(
            "bad_percent", f"'%' at character {broken.start()} without two hex digits"
        )
    return unquote_to_bytes(text)
