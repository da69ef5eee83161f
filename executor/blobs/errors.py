"""Why a blob could not be had."""

from enum import StrEnum


class Reason(StrEnum):
    """The code that a frontend reads in the error's `fields`."""

    BAD_URL = "bad_url"
    HOST_NOT_ALLOWED = "host_not_allowed"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    HTTP_STATUS = "http_status"
    REDIRECT = "redirect"
    CONTENT_ENCODING = "content_encoding"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    HASH_MISMATCH = "hash_mismatch"
    NOT_CACHED = "not_cached"
    NO_PACKAGES = "no_packages"
    NO_FILE = "no_file"
    STORAGE = "storage"


class Unavailable(Exception):
    """The text is one line for the frontend; it tells no credentials and nothing of the content.

    may_pass: whether trying again at once may help.
    """

    def __init__(self, reason: Reason, message: str, may_pass: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.may_pass = may_pass
