"""A replicated service of a Swarm, by Docker's API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env

_ANSWER_S = 10
_DEFAULT_SOCKET = "unix:///var/run/docker.sock"
_UNAVAILABLE = 503
"""What an engine answers that is no manager."""


class SwarmError(Exception):
    """The service cannot be seen or changed; the text is one line that tells why."""


@dataclass(frozen=True, slots=True)
class Service:
    """replicas: as many as are wanted of it. update: the state of one that has not ended."""

    id: str
    version: int
    spec: dict[str, Any]
    replicas: int
    update: str | None


class Swarm:
    """The engine at DOCKER_HOST, else at its usual socket."""

    def __init__(self) -> None:
        self._client: docker.APIClient | None = None

    def look(self, name: str) -> Service:
        """Raises SwarmError."""
        # Without the defaults: what is read is written again, and any difference replaces tasks.
        seen = self._call(lambda api: api.inspect_service(name, insert_defaults=False), name)
        mode = seen["Spec"]["Mode"]
        if "Replicated" not in mode:
            kind = next(iter(mode)).lower()
            raise SwarmError(f"service {name}: its mode is {kind}: it should be replicated")
        state = seen.get("UpdateStatus", {}).get("State")
        return Service(
            id=seen["ID"],
            version=seen["Version"]["Index"],
            spec=seen["Spec"],
            replicas=mode["Replicated"].get("Replicas", 1),
            update=state if state not in (None, "completed", "rollback_completed") else None,
        )

    def scale(self, service: Service, replicas: int) -> None:
        """Changes nothing else; refused if somebody did after the look. Raises SwarmError."""
        spec = service.spec
        self._call(
            lambda api: api.update_service(
                service.id,
                service.version,
                task_template=spec["TaskTemplate"],
                name=spec["Name"],
                labels=spec.get("Labels"),
                mode={"Replicated": {"Replicas": replicas}},
                update_config=spec.get("UpdateConfig"),
                rollback_config=spec.get("RollbackConfig"),
                networks=spec.get("Networks"),
                endpoint_spec=spec.get("EndpointSpec"),
            ),
            spec["Name"],
        )

    def _call(self, ask: Callable[[Any], Any], name: str) -> Any:
        given = kwargs_from_env()
        where = given.get("base_url") or _DEFAULT_SOCKET
        try:
            if self._client is None:
                self._client = docker.APIClient(version="auto", timeout=_ANSWER_S, **given)
            return ask(self._client)
        except NotFound:
            raise SwarmError(
                f"service {name}: this swarm has none of that name; see docker service ls"
            ) from None
        except APIError as error:
            if error.response is not None and error.response.status_code == _UNAVAILABLE:
                raise SwarmError(
                    f"{where}: no manager of a swarm: run this on a node that is one"
                ) from None
            raise SwarmError(f"service {name}: {_line(error.explanation or error)}") from None
        except (DockerException, requests.RequestException, OSError) as error:
            raise SwarmError(f"{where}: {_reason(error)}") from None


def _reason(error: BaseException) -> str:
    """The system's own words, which are some layers down."""
    match _system_error(error):
        case None:
            return _line(error)
        case FileNotFoundError():
            return "no such socket: no Docker engine here, or its socket is not mounted"
        case PermissionError():
            return "permission denied: be root, or of the group docker"
        case found:
            return found.strerror or _line(found)


def _system_error(error: BaseException) -> OSError | None:
    seen: BaseException | None = error
    while seen is not None:
        for each in (seen, *getattr(seen, "args", ())):
            # Those of requests are OSErrors, and say nothing as such.
            if isinstance(each, OSError) and each.errno is not None:
                return each
            if isinstance(each, BaseException):
                for part in each.args:
                    if isinstance(part, OSError) and part.errno is not None:
                        return part
        seen = seen.__cause__ or seen.__context__
    return None


def _line(text: object) -> str:
    return " ".join(str(text).split()) or type(text).__name__
