"""A worker's endpoints, as Prometheus or a person with curl would ask them."""

import random
import socket
import urllib.error
import urllib.request

from prometheus_client.parser import text_string_to_metric_families


def free_port() -> int:
    """One that is free at this moment, and not of those that the kernel gives to connections."""
    for port in random.sample(range(15_000, 20_000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return port
    raise OSError("no port is free")


def get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    """The answer's status and text. Raises OSError."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def scrape(port: int) -> dict[str, float]:
    """Each series with its value: `executor_link_up{link="consume"}`."""
    status, text = get(port, "/metrics")
    assert status == 200
    return {
        sample.name + _labels(sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _labels(labels: dict[str, str]) -> str:
    told = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    return f"{{{told}}}" if told else ""
