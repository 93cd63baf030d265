"""A real Prometheus, with the files that plotd ships for it: it takes in each figure, and knows when to wake whom."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import Daemon, Serve

ROOT = Path(__file__).parent.parent.parent
SHIPPED = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "plotd.json"
PATIENCE_S = 30
PLOTS = """
import matplotlib.pyplot as plt

def plot_line(n: int = 2):
    plt.plot(range(n))

def plot_bad():
    raise ValueError("never")
"""
# What makes each alert fire, and what doesn't: a series, its first values a minute apart, and how long it takes.
ALERTS = {
    "PlotdDown": ('up{job="plotd"}', "0x10", "1x10", "3m"),
    "PlotdNotReady": ("plotd_ready", "0x10", "1x10", "3m"),
    "PlotdRestarts": ("plotd_process_start_time_seconds", "1 2 3 4 5x60", "1x60", "5m"),
    "PlotdPlotFailing": ('plotd_plot_failing{plot="loss"}', "1x20", "0x8 1x12", "11m"),
    "PlotdBrokenFiles": ("plotd_broken_files", "2x20", "0x20", "11m"),
    "PlotdOverloaded": ('plotd_http_responses_total{status="503"}', "0+60x20", "0x5 1x15", "11m"),
    "PlotdNoWorkers": ('plotd_workers_free{executor="threads"}', "0x10", "2x10", "6m"),
    "PlotdSluggish": ('plotd_event_loop_lag_seconds_bucket{le="0.25"}', "0x30", "0+10x30", "16m"),
    "PlotdFilesRunOut": ('plotd_process_open_fds{instance="a"}', "95x10", "20x10", "6m"),
}
LAG = "plotd_event_loop_lag_seconds_bucket"
BESIDE = {  # what an alert needs beside that
    "PlotdSluggish": [(f'{LAG}{{le="{bound}"}}', "0+10x30") for bound in ("5.0", "+Inf")],
    "PlotdFilesRunOut": [('plotd_process_max_fds{instance="a"}', "100x10")],
}


@dataclass(eq=False)
class Prometheus:
    """A running one."""

    url: str

    def get(self, path: str, **query: str) -> Any:
        """Return what its API says."""
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}") as answer:
            told = json.load(answer)
        assert told["status"] == "success"
        return told["data"]

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """Return what it finds for *expression*, with the variables of a dashboard filled in."""
        for variable, value in (("$instance", ".*"), ("$__rate_interval", "1m")):
            expression = expression.replace(variable, value)
        return list(self.get("query", query=expression)["result"])


def wait_for(prometheus: Prometheus, expression: str) -> list[dict[str, Any]]:
    """Return what it finds for *expression*, once it finds something."""
    pause, until_s = threading.Event(), time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(OSError):  # it isn't there yet
            if found := prometheus.ask(expression):
                return found
        assert time.monotonic() < until_s, expression
        pause.wait(0.1)


@pytest.fixture
def daemon(serve: Serve, tmp_path: Path) -> Daemon:
    (tmp_path / "p.py").write_text(PLOTS)
    started = serve("p.py")
    urllib.request.urlopen(f"{started.url}/plots/line.png").close()
    with pytest.raises(urllib.error.HTTPError, match="500") as failed:
        urllib.request.urlopen(f"{started.url}/plots/bad.png")
    failed.value.close()
    return started


@pytest.fixture
def prometheus(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """One that looks at the daemon each second, otherwise as it's shipped."""
    folder = tmp_path_factory.mktemp("prometheus")
    shutil.copy(SHIPPED / "alerts.yml", folder)
    shipped = (SHIPPED / "prometheus.yml").read_text()
    (folder / "prometheus.yml").write_text(
        shipped.replace("127.0.0.1:9999", f"127.0.0.1:{daemon.port}").replace("15s", "1s")
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def expressions() -> list[str]:
    """Return all that the dashboard and the alerts ask for."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    rules = yaml.safe_load((SHIPPED / "alerts.yml").read_text())["groups"][0]["rules"]
    return [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in rules]


def test_it_takes_in_every_figure_and_answers_all_that_the_dashboard_and_the_alerts_ask(
    daemon: Daemon, prometheus: Prometheus
) -> None:
    with urllib.request.urlopen(f"{daemon.url}/metrics") as answer:
        text = answer.read()
    told = set(re.findall(rb"^(plotd_\w+)[{ ]", text, re.MULTILINE))
    assert wait_for(prometheus, 'up{job="plotd"} == 1')
    found = wait_for(prometheus, 'count by (__name__) ({__name__=~"plotd_.+"})')
    assert {sample["metric"]["__name__"].encode() for sample in found} == told
    (failing,) = prometheus.ask("plotd_plot_failing == 1")
    assert failing["metric"]["plot"] == "p/bad"
    for expression in expressions():
        prometheus.ask(expression)
        assert {name.encode() for name in re.findall(r"plotd_\w+", expression)} <= told, expression
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules} == set(ALERTS)


def test_promtool_finds_nothing_wrong_with_the_figures(daemon: Daemon) -> None:
    with urllib.request.urlopen(f"{daemon.url}/metrics") as answer:
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=answer.read(), capture_output=True, check=False
        )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_promtool_finds_nothing_wrong_with_the_files() -> None:
    for kind, file in (("config", "prometheus.yml"), ("rules", "alerts.yml")):
        checked = subprocess.run(
            ["promtool", "check", kind, SHIPPED / file], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_each_alert_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "alerts.yml", tmp_path)
    (tmp_path / "tests.yml").write_text(yaml.safe_dump({"rule_files": ["alerts.yml"], "tests": list(alert_tests())}))
    done = subprocess.run(
        ["promtool", "test", "rules", tmp_path / "tests.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def alert_tests() -> Iterator[dict[str, Any]]:
    rules = yaml.safe_load((SHIPPED / "alerts.yml").read_text())["groups"][0]["rules"]
    assert {rule["alert"] for rule in rules} == set(ALERTS)
    for name, (series, firing, quiet, after) in ALERTS.items():
        for values, fires in ((firing, True), (quiet, False)):
            given = [(series, values), *BESIDE.get(name, [])]
            look = {
                "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}}) or vector(0)',
                "eval_time": after,
            }
            yield {
                "interval": "1m",
                "input_series": [{"series": of, "values": told} for of, told in given],
                "promql_expr_test": [{**look, "exp_samples": [{"labels": "{}", "value": int(fires)}]}],
            }


def test_the_dashboards_panels_lie_beside_each_other() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x + place["x"], y + place["y"]) for x in range(place["w"]) for y in range(place["h"])}
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)
