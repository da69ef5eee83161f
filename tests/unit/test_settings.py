"""Settings come from the environment and .env, and a wrong one is one clear line."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from executor.settings import Settings, WrongSettings

EXAMPLE = Path(__file__).parents[2] / "config" / "executor.env.example"


def load(tmp_path: Path, dotenv: str = "", **environ: str) -> Settings:
    (tmp_path / ".env").write_text(dotenv)
    return Settings.load(environ, tmp_path / ".env")[0]


def shown_default(name: str) -> str:
    default = Settings.model_fields[name].default
    if default is PydanticUndefined or default is None:
        return ""  # depends on the machine, or on another setting
    return ",".join(default) if isinstance(default, tuple) else str(default)


def test_the_example_names_every_setting_with_its_default() -> None:
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.M))
    assert shown == {name.upper(): shown_default(name) for name in Settings.model_fields}


def test_the_example_explains_every_setting_in_the_line_before() -> None:
    lines = EXAMPLE.read_text().splitlines()
    for before, line in pairwise(lines):
        if re.match(r"#[A-Z_]+=", line):
            assert re.match(r"# [A-Z\w]", before), line


def test_the_example_uncommented_gives_the_defaults(tmp_path: Path) -> None:
    uncommented = re.sub(r"^#([A-Z_]+=)", r"\1", EXAMPLE.read_text(), flags=re.M)
    assert load(tmp_path, uncommented) == load(tmp_path)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = "AMQP_QUEUE=from-file\nAMQP_DEAD_QUEUE=from-file"
    settings = load(tmp_path, file, AMQP_QUEUE="from-environment")
    assert (settings.amqp_queue, settings.amqp_dead_queue) == ("from-environment", "from-file")


def test_several_brokers_are_comma_separated(tmp_path: Path) -> None:
    settings = load(tmp_path, AMQP_URL="amqp://a/, amqps://u:p@b:5671/x")
    assert settings.amqp_url == ("amqp://a/", "amqps://u:p@b:5671/x")


def test_the_url_may_be_in_a_file_one_broker_in_each_line(tmp_path: Path) -> None:
    secret = tmp_path / "amqp_url"
    secret.write_text("amqp://u:p@a/\namqp://u:p@b/\n")
    settings = load(tmp_path, "AMQP_URL=amqp://from-file/", AMQP_URL_FILE=str(secret), AMQP_URL="")
    assert settings.amqp_url == ("amqp://u:p@a/", "amqp://u:p@b/")
    assert load(tmp_path, f"AMQP_URL_FILE={secret}").amqp_url == settings.amqp_url
    assert load(tmp_path, f"AMQP_URL_FILE={secret}", AMQP_URL="amqp://c/").amqp_url == (
        "amqp://c/",
    )


@pytest.mark.parametrize(
    ("content", "url", "told"),
    [
        (None, "", "No such file or directory"),
        (b"", "", "it is empty"),
        (b"\xff", "", "not UTF-8"),
        (b"amqp://a/", "amqp://b/", "AMQP_URL is set too; set one of them"),
    ],
)
def test_a_secret_that_does_not_serve_is_one_line(
    tmp_path: Path, content: bytes | None, url: str, told: str
) -> None:
    secret = tmp_path / "amqp_url"
    if content is not None:
        secret.write_bytes(content)
    with pytest.raises(WrongSettings) as caught:
        load(tmp_path, AMQP_URL_FILE=str(secret), AMQP_URL=url)
    assert str(caught.value).startswith("AMQP_URL_FILE: ")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("amqp://user:SECRET/@host/", "not a URL: is a character of the password not escaped?"),
        ("amqp://user:SEC,RET@host/", "not a URL: is a character of the password not escaped?"),
        ("amqp://user@host/", "the user has no password"),
        ("amqp://user:SECRET@host/a/b", "written %2F"),
        ("amqp://user:SECRET@host/?heartbeat=5", "nothing is read after ?"),
        ("amqp://user:SECRET#@host/", "not a URL: is a character of the password not escaped?"),
        ("http://user:SECRET@host/", "should be amqp://"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(tmp_path: Path, url: str, told: str) -> None:
    with pytest.raises(WrongSettings) as caught:
        load(tmp_path, AMQP_URL=url)
    assert told in str(caught.value)
    assert "SEC" not in str(caught.value)


def test_a_key_without_its_certificate_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings, match="AMQP_TLS_KEY: AMQP_TLS_CERT has to name"):
        load(tmp_path, AMQP_TLS_KEY="/key.pem")


def test_a_file_that_is_not_there_is_no_fault(tmp_path: Path) -> None:
    assert Settings.load({}, tmp_path / "none")[0].amqp_heartbeat_s == 60


def test_an_unknown_name_in_the_file_is_warned_of_once(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AMQP_HEARBEAT_S=5\nPATH=/bin\nAMQP_QUEUE=q\n")
    _, warnings = Settings.load({}, tmp_path / ".env")
    assert len(warnings) == 1
    assert "AMQP_HEARBEAT_S is no setting" in warnings[0]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AMQP_HEARTBEAT_S", "x", "valid integer"),
        ("AMQP_HEARTBEAT_S", "4", "greater than or equal to 5"),
        ("AMQP_HEARTBEAT_S", "601", "less than or equal to 600"),
        ("AMQP_URL", "http://host/", "amqp://user:password@host:port/vhost"),
        ("AMQP_URL", "amqp://host:port/", "not a URL"),
        ("AMQP_URL", ",", "at least 1 item"),
        ("AMQP_QUEUE", "q" * 256, "at most 255 characters"),
        ("EXECUTOR_TESTDATA_HOSTS", "a.org, http://b.org/", "'http://b.org/': neither a host name"),
        ("EXECUTOR_TESTDATA_HOSTS", "10.1.2.3/16", "has host bits set"),
        ("EXECUTOR_TESTDATA_HOSTS", "a.org:0", "a port is a number from 1 to 65535"),
        ("EXECUTOR_TESTDATA_BLOB_MIB", "0", "greater than or equal to 1"),
        ("LOG_LEVEL", "loud", "'debug', 'info'"),
        ("LOG_FORMAT", "xml", "'json', 'console'"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(
    tmp_path: Path, name: str, value: str, told: str
) -> None:
    with pytest.raises(WrongSettings) as caught:
        load(tmp_path, **{name: value})
    text = str(caught.value)
    assert text.startswith(f"{name}: ")
    assert told in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@host/",
        "amqp:/user:secret@host/",
        "user:secret@host",
        "amqp://user:of/secret@host/",
        "amqp://user:of@secret@host/ amqp://user:secret",
    ],
)
def test_a_wrong_url_does_not_tell_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(WrongSettings) as caught:
        load(tmp_path, AMQP_URL=url)
    assert "secret" not in str(caught.value)


def test_the_command_ends_with_code_2_and_no_traceback(tmp_path: Path) -> None:
    environ = {**os.environ, "AMQP_HEARTBEAT_S": "soon", "PYTHONPATH": str(EXAMPLE.parents[1])}
    command = [sys.executable, "-m", "executor", "submit", "x.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.returncode == 2
    assert re.fullmatch(r"executor: AMQP_HEARTBEAT_S: .*\(got 'soon'\)\n", done.stderr)
