"""The settings: environment variables, and the file `.env` of the current folder below them."""

import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from executor.blobs.hosts import parse_rule

_PREFIXES = ("AMQP_", "EXECUTOR_", "SAFEEXEC_", "LOG_")
_SECRETS = {"AMQP_URL_FILE": "AMQP_URL"}
"""Settings that name a file which has another's value: secrets of Docker and systemd come so."""

_LANGUAGES_FILE = Path(__file__).with_name("languages.toml").resolve()
"""A link to the clone's own; `pip install` makes it a file."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True)]


class WrongSettings(Exception):
    """A setting has a wrong value; the text is one line that names it."""


def _split(value: Any) -> Any:
    """`a, b` as ("a", "b")."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _split_urls(value: Any) -> Any:
    """As `_split`; and a file may have each in a line of its own."""
    return _split(re.sub(r"\s+", ",", value.strip())) if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _check_url(url: str) -> str:
    """Refuses what pika would refuse later, or not read, without telling the password."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - the property raises on a port that is no number
    except ValueError:
        raise ValueError(
            "not a URL: is a character of the password not escaped? / @ : , are %2F %40 %3A %2C"
        ) from None
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
        raise ValueError("should be amqp://user:password@host:port/vhost, or amqps://...")
    if parts.username is not None and parts.password is None:
        raise ValueError("the user has no password: amqp://user:password@host...")
    if parts.path.count("/") > 1:
        raise ValueError("a / in the name of a virtual host is written %2F")
    if parts.query or parts.fragment:
        raise ValueError("nothing is read after ? and #; the other AMQP_... settings say the rest")
    return url


def _check_hosts(pattern: str) -> str:
    parse_rule(pattern)
    return pattern


HostPattern = Annotated[str, AfterValidator(_check_hosts)]
AmqpUrl = Annotated[str, Field(strict=True), BeforeValidator(_check_url)]


class Settings(BaseModel):
    """What config/executor.env.example explains; a field's name in capitals is its variable.

    amqp_url: one or several brokers of one cluster; AMQP_URL_FILE names a file that has it instead.
    amqp_tls_...: files as executor.broker.tls has them. amqp_heartbeat_s: seconds, 5-600.
    executor_languages: ids to offer; empty: all that work.
    executor_testdata_dir: None: `testdata` below the work folder. executor_testdata_hosts: patterns
    as executor.blobs.hosts has them. executor_packages_dir: None: no blob by path.
    executor_compile_cache_dir: None: `compiled` below the work folder. executor_compile_cache_mib:
    0: none. executor_http_port: 0: none. executor_watchdog_s: seconds, 5-86400.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    amqp_url: Annotated[tuple[AmqpUrl, ...], BeforeValidator(_split_urls), Field(min_length=1)] = (
        "amqp://guest:guest@127.0.0.1:5672/",
    )
    amqp_tls_ca: Path | None = None
    amqp_tls_cert: Path | None = None
    amqp_tls_key: Path | None = None
    amqp_heartbeat_s: Annotated[int, Field(ge=5, le=600)] = 60
    amqp_queue: Name = "submissions"
    amqp_dead_exchange: Name = "submissions.dlx"
    amqp_dead_queue: Name = "submissions.dead"
    amqp_verdicts_queue: Name = "verdicts"
    amqp_control_exchange: Name = "executor.control"
    safeexec_socket: Path = Path("/run/safeexec/safeexec.sock")
    executor_name: Name = Field(default_factory=socket.gethostname)
    executor_languages: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()
    executor_languages_file: Path = Field(default_factory=lambda: _LANGUAGES_FILE)
    executor_work_dir: Path = Path("/var/lib/executor")
    executor_testdata_dir: Path | None = None
    executor_testdata_hosts: Annotated[
        tuple[HostPattern, ...], BeforeValidator(_split), Field(min_length=1)
    ] = ("*",)
    executor_testdata_cache_mib: Annotated[int, Field(ge=1, le=1_048_576)] = 4096
    executor_testdata_blob_mib: Annotated[int, Field(ge=1, le=65_536)] = 256
    executor_testdata_timeout_s: Annotated[int, Field(ge=1, le=900)] = 120
    executor_packages_dir: Path | None = None
    executor_compile_cache_dir: Path | None = None
    executor_compile_cache_mib: Annotated[int, Field(ge=0, le=1_048_576)] = 1024
    executor_http_host: Name = "127.0.0.1"
    executor_http_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    executor_watchdog_s: Annotated[int, Field(ge=5, le=86_400)] = 300
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = (
        "info"
    )
    log_format: Annotated[Literal["json", "console", "auto"], BeforeValidator(_lower)] = "auto"

    @classmethod
    def load(cls, environ: Mapping[str, str], dotenv: Path) -> tuple[Self, tuple[str, ...]]:
        """The settings, and a warning for each name in `dotenv` that looks like one and is none.

        The environment wins over the file; an empty value counts as not set.
        Raises WrongSettings.
        """
        given = {**_with_secrets(_read(dotenv)), **_with_secrets(environ)}
        names = {field.upper(): field for field in cls.model_fields}
        values = {names[name]: value for name, value in given.items() if name in names and value}
        unknown = tuple(
            f"{dotenv}: {name} is no setting; see config/executor.env.example"
            for name in _read(dotenv)
            if name.startswith(_PREFIXES) and name not in (*names, *_SECRETS)
        )
        if "amqp_tls_key" in values and "amqp_tls_cert" not in values:
            raise WrongSettings("AMQP_TLS_KEY: AMQP_TLS_CERT has to name the certificate too")
        try:
            return cls.model_validate(values), unknown
        except ValidationError as error:
            raise WrongSettings(_first(error)) from None


def _read(dotenv: Path) -> dict[str, str]:
    try:
        found = dotenv_values(dotenv, interpolate=False) if dotenv.exists() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSettings(f"{dotenv}: cannot be read: {error}") from None
    return {name: value for name, value in found.items() if value is not None}


def _with_secrets(given: Mapping[str, str]) -> dict[str, str]:
    """What was given, with the contents of the files that hold secrets. Raises WrongSettings."""
    found = dict(given)
    for name, meant in _SECRETS.items():
        file = given.get(name)
        if not file:
            continue
        if given.get(meant):
            raise WrongSettings(f"{name}: {meant} is set too; set one of them")
        try:
            found[meant] = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise WrongSettings(f"{name}: {file}: {why}") from None
        if not found[meant]:
            raise WrongSettings(f"{name}: {file}: it is empty")
    return found


def _first(error: ValidationError) -> str:
    details = error.errors(include_url=False)[0]
    message = details["msg"].removeprefix("Value error, ")
    name = str(details["loc"][0]).upper()
    # Of a URL that is wrong nobody knows what is its password.
    got = "" if name == "AMQP_URL" else f" (got {str(details['input'])!r})"
    return f"{name}: {message[:1].lower()}{message[1:]}{got}"
