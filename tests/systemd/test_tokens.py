"""Tokens of a service that runs as a user of its own: root makes them, and the service knows of them."""

from __future__ import annotations

from tests.systemd.conftest import CONFIG
from tests.systemd.machine import PLOTD, Machine, until

CLOSED = f"{CONFIG}auth:\n  open: false\n"
ADD = f"{PLOTD} token add anna --state /var/lib/plotd 2>/dev/null"


def status(machine: Machine, token: str = "") -> str:
    """Return the status of a picture for whoever shows *token*."""
    asking = "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9999/plots/quick.png"
    return machine.run(f"{asking} -H 'Authorization: Bearer {token}'")


def test_root_makes_and_revokes_tokens_while_the_service_runs(machine: Machine) -> None:
    assert status(machine) == "200"
    machine.write("/etc/plotd/config.yaml", CLOSED)
    machine.run("systemctl reload plotd.service")
    until("a closed daemon", lambda: status(machine) == "401")
    token = machine.run(ADD).strip()
    assert status(machine, token) == "200"
    machine.run(f"{PLOTD} token revoke anna --state /var/lib/plotd")
    assert status(machine, token) == "401"
    assert token not in machine.log()


def test_tokens_can_be_made_before_the_first_start(machine: Machine) -> None:
    machine.run("systemctl stop plotd.socket plotd.service; rm -rf /var/lib/plotd /var/lib/private/plotd")
    machine.write("/etc/plotd/config.yaml", CLOSED)
    token = machine.run(ADD).strip()
    machine.start()
    assert (status(machine), status(machine, token)) == ("401", "200")
