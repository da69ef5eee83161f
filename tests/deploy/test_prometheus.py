"""config/prometheus and config/grafana against a real Prometheus that scrapes a real worker."""

import json
import re
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack import ExecutorProcess, Frontend, RunFolder, wait_until
from stack.process import Process, plain_environment
from tests.broker.conftest import job
from tests.broker.scrape import free_port, get

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
ALERTS = PROJECT / "config" / "prometheus" / "alerts.yml"
SAMPLE = PROJECT / "config" / "prometheus" / "prometheus.yml"
DASHBOARD = PROJECT / "config" / "grafana" / "executor.json"
MADE_UP = Path(__file__).parent / "prometheus" / "alerts.yml"
SOON_S = 60
NAME = re.compile(r"\b((?:executor|process)_[a-z_]+|executor:[a-z0-9_:]+)\b")

RULES = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
PANELS = json.loads(DASHBOARD.read_text())["panels"]


def promtool(*args: str | Path, given: str | None = None) -> str:
    """What it prints; it has to be content."""
    done = subprocess.run(
        ["promtool", *args], input=given, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@dataclass
class Prometheus:
    """A server of our own, which scrapes one worker and evaluates the project's rules."""

    port: int

    def ask(self, path: str, **parameters: str) -> Any:
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}", timeout=10
        ) as answer:
            return json.load(answer)["data"]

    def ready(self) -> bool:
        try:
            return bool(self.ask("query", query="executor_jobs_total")["result"])
        except OSError:
            return False

    def value(self, expression: str) -> list[Any]:
        return list(self.ask("query", query=expression)["result"])


@pytest.fixture(scope="module")
def worker_port() -> int:
    return free_port()


@pytest.fixture
def worker(
    frontend: Frontend, start_worker: Callable[..., ExecutorProcess], worker_port: int
) -> ExecutorProcess:
    """One that has answered jobs of each kind that the metrics tell apart."""
    worker = start_worker(
        languages=["python3"],
        env={"EXECUTOR_HTTP_PORT": str(worker_port)},
    )
    for each in (job(), job("s-2") | {"source": "print(2)"}, job("s-3") | {"source": "("}):
        frontend.judge(each)
    frontend.publish(b"no job", reply_to=None)
    frontend.publish(job("s-4"), reply_to=None)
    worker.wait_for("job_finished", count=5)
    return worker


@pytest.fixture
def prometheus(
    run_folder: RunFolder, worker: ExecutorProcess, worker_port: int
) -> Iterator[Prometheus]:
    home = run_folder.make(f"prometheus-{worker.name}")
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(ALERTS)],
        "scrape_configs": [
            {
                "job_name": "executor",
                "static_configs": [{"targets": [f"127.0.0.1:{worker_port}"]}],
            }
        ],
    }
    (home / "prometheus.yml").write_text(yaml.safe_dump(config))
    server = Prometheus(free_port())
    process = Process(
        f"prometheus-{worker.name}",
        [
            "/usr/bin/prometheus",
            f"--config.file={home}/prometheus.yml",
            f"--storage.tsdb.path={home}/data",
            f"--web.listen-address=127.0.0.1:{server.port}",
        ],
        folder=run_folder,
        env=plain_environment(home),
        cwd=home,
    )
    try:
        wait_until(server.ready, SOON_S, "Prometheus has scraped the worker")
        yield server
    finally:
        process.stop()


def expressions() -> Iterator[tuple[str, str]]:
    """Each of the rules' and the dashboard's, with where it stands."""
    for rule in RULES:
        yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m")
            yield panel["title"], expression.replace("$instance", ".*")


def test_every_name_in_the_alerts_and_the_dashboard_is_in_a_real_scrape(
    prometheus: Prometheus,
) -> None:
    wait_until(
        lambda: prometheus.value("executor:jobs:rate5m"), SOON_S, "the rules have been evaluated"
    )
    known = set(prometheus.ask("label/__name__/values"))
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    for place, expression in expressions():
        named = set(NAME.findall(expression))
        assert named or "up{" in expression, place
        assert named <= known | recorded, place
        for label, value in re.findall(r'(link|phase|level|code|status)="(\w+)"', expression):
            names = "|".join(named)
            if value != "failed":
                assert prometheus.value(f'{{__name__=~"{names}", {label}="{value}"}}'), place


def test_prometheus_understands_every_expression_and_no_rule_fails(prometheus: Prometheus) -> None:
    for place, expression in expressions():
        prometheus.value(expression)  # raises HTTPError for what it does not understand
        assert "$" not in expression, place
    wait_until(
        lambda: {rule["health"] for rule in _rules(prometheus)} == {"ok"}, SOON_S, "all rules"
    )
    # One may be pending since before the first scrape; the worker is well.
    wait_until(lambda: not _critical(prometheus), SOON_S, "no critical alert")


def _critical(prometheus: Prometheus) -> list[Any]:
    """Those that fire, or will if it stays so."""
    active = prometheus.ask("alerts")["alerts"]
    return [each for each in active if each["labels"]["severity"] == "critical"]


def _rules(prometheus: Prometheus) -> list[Any]:
    return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]


def test_a_real_scrape_is_as_prometheus_wants_it(worker: ExecutorProcess, worker_port: int) -> None:
    promtool("check", "metrics", given=get(worker_port, "/metrics")[1])


def test_the_sample_and_the_rules_are_valid() -> None:
    promtool("check", "config", SAMPLE)
    promtool("check", "rules", ALERTS)


def test_each_alert_fires_when_it_should_and_only_then() -> None:
    promtool("test", "rules", MADE_UP)
    alerts = {rule["alert"] for rule in RULES if "alert" in rule}
    well, *_, wrong = yaml.safe_load(MADE_UP.read_text())["tests"]
    assert {each["alertname"] for each in well["alert_rule_test"]} == alerts
    (fired,) = wrong["promql_expr_test"]
    assert {sample["labels"] for sample in fired["exp_samples"]} == {
        f'{{alertname="{alert}"}}' for alert in alerts
    }


def test_every_alert_tells_a_person_what_is_wrong_and_what_to_do() -> None:
    for rule in RULES:
        if "alert" in rule:
            assert set(rule["annotations"]) == {"summary", "remedy"}, rule["alert"]
            assert rule["labels"]["severity"] in ("critical", "warning")
