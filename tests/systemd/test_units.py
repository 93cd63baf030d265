"""Units as they are printed for other places and other managers than the usual ones, and what the journal is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.systemd.conftest import CONFIG
from tests.systemd.machine import PLOTD, Machine, until

LINE = "import matplotlib.pyplot as plt\ndef plot_line():\n    plt.plot([1])\n"
MINE = "auth: {open: false}\nplots: {paths: [/root/mine]}\n"
AS_USER = "export XDG_RUNTIME_DIR=/run/user/0;"


@pytest.fixture
def idle(machine: Machine) -> Iterator[Machine]:
    """The machine, with nothing at plotd's port, and other units for a while."""
    machine.run("systemctl stop plotd.socket plotd.service")
    yield machine
    machine.write("/etc/plotd/config.yaml", CONFIG)
    machine.run(f"{PLOTD} unit --config /etc/plotd/config.yaml -o /etc/systemd/system")


def test_plots_that_a_link_leads_to_below_a_home_are_seen(idle: Machine) -> None:
    idle.write("/home/ann/plots/line.py", LINE)
    idle.run("chmod 700 /home/ann; ln -s /home/ann/plots /srv/anns")
    idle.run(f"{PLOTD} unit /srv/anns -o /etc/systemd/system")
    idle.start()
    assert idle.fetch("/plots/line.png") == 200


def test_a_user_unit_serves_with_its_users_rights_and_tokens(idle: Machine) -> None:
    idle.write("/root/mine/line.py", LINE)
    idle.write("/root/config.yaml", MINE)
    idle.run("systemctl start user@0.service")
    idle.run(f"{PLOTD} unit --user --config /root/config.yaml -o /root/.config/systemd/user")
    token = idle.run(f"{PLOTD} token add anna 2>/dev/null").strip()
    assert idle.run(f"{AS_USER} systemd-analyze verify --user /root/.config/systemd/user/plotd.service") == ""
    idle.run(f"{AS_USER} systemctl --user daemon-reload; systemctl --user start plotd.service")
    asking = "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9999/plots/line.png"
    assert (idle.run(asking), idle.run(f"{asking} -H 'Authorization: Bearer {token}'")) == ("401", "200")
    idle.run(f"{AS_USER} systemctl --user reload plotd.service")
    status = f"{AS_USER} systemctl --user status plotd.service --no-pager --lines=20"
    until("a reload", lambda: "reloaded: 1 plot, 0 viewers" in idle.run(status))
    idle.run(f"{AS_USER} systemctl --user stop plotd.socket plotd.service; systemctl stop user@0.service")


def test_the_journal_knows_errors_and_warnings_from_the_rest(idle: Machine) -> None:
    idle.write("/etc/plotd/config.yaml", "plots: {paths: [/srv/later]}\n")
    idle.start()
    idle.write("/etc/plotd/config.yaml", "rendr: {}\n")
    idle.run("systemctl reload plotd.service")
    until("a refusal", lambda: "refused" in idle.show("StatusText")["StatusText"])
    assert idle.run("systemctl restart plotd.service; echo $?").endswith("1\n")
    reading = "journalctl --sync; journalctl --output=cat --no-pager _COMM=plotd"
    warnings = idle.run(f"{reading} -p warning..warning").splitlines()
    assert any("/srv/later isn't there yet" in line for line in warnings)
    assert any("reload refused" in line for line in warnings)
    errors = set(idle.run(f"{reading} -p err..err").splitlines())
    assert errors == {"Error: /etc/plotd/config.yaml, line 1: rendr is no setting; did you mean render?"}
