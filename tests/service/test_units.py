"""The units that `plotd unit` prints, and those that the repository holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from service import units
from service.config import Config, ConfigError, load

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
PLAIN = ["/opt/plotd/bin/plotd", "serve", "/srv/plots"]


def test_the_repository_holds_the_units_of_a_plain_installation() -> None:
    needed = [Path("/opt/plotd"), Path("/usr"), Path("/srv/plots")]
    assert (DEPLOY / "plotd.service").read_text() == units.service_unit(Config(), PLAIN, needed)
    assert (DEPLOY / "plotd.socket").read_text() == units.socket_unit(Config())
    home = f"{Path.home()}/.local/bin/plotd"
    user = units.user_unit(Config(), [home, "serve", f"{Path.home()}/plots"])
    assert (DEPLOY / "user" / "plotd.service").read_text() == user
    assert (DEPLOY / "user" / "plotd.socket").read_text() == units.socket_unit(Config())


def test_what_lies_below_a_home_is_bound_once_and_read_only() -> None:
    needed = [
        Path("/home/ann/plots/deep"),
        Path("/home/ann/plots"),
        Path("/srv"),
        Path("/root/my venv"),
        Path("/homes"),
    ]
    unit = units.service_unit(Config(), PLAIN, needed)
    bound = [line for line in unit.splitlines() if line.startswith(("Bind", "ProtectHome"))]
    assert bound == [
        "ProtectHome=tmpfs",
        "BindReadOnlyPaths=-/home/ann/plots",
        'BindReadOnlyPaths=-"/root/my venv"',
    ]
    assert "ProtectHome=yes\n" in units.service_unit(Config(), PLAIN, [Path("/srv")])
    with pytest.raises(ConfigError, match="/root/a:b: systemd can't bind a path that holds a colon"):
        units.service_unit(Config(), PLAIN, [Path("/root/a:b")])


def test_where_links_lead_is_bound_too(tmp_path: Path) -> None:
    (real := tmp_path / "real").mkdir()
    (real / "config.yaml").touch()
    (tmp_path / "etc").mkdir()
    (settings := tmp_path / "etc" / "config.yaml").symlink_to(real / "config.yaml")
    (plots := tmp_path / "plots").symlink_to(tmp_path / "mine")
    config = load(settings, {}, {"plots.paths": [plots]})
    found = units.hidden(units.needs(config, settings))
    assert found == [tmp_path / name for name in ("etc", "mine", "plots", "real")]


def test_the_folder_for_units_is_made(tmp_path: Path) -> None:
    command = [*units.program(), "unit", "--user", str(tmp_path), "-o", str(tmp_path / "systemd" / "user")]
    subprocess.run(command, check=True)
    assert {file.name for file in (tmp_path / "systemd" / "user").iterdir()} == {"plotd.service", "plotd.socket"}


def test_words_are_spelt_as_systemd_reads_them() -> None:
    unit = units.service_unit(Config(), ["plotd", "serve", '/srv/50% "of" $HOME'], [])
    assert 'ExecStart=plotd serve "/srv/50%% \\"of\\" $$HOME"\n' in unit


def test_it_has_longer_to_stop_than_pictures_have() -> None:
    assert "TimeoutStopSec=70\n" in units.service_unit(load(None, {}, {"stop.grace_s": 60.0}), PLAIN, [])


@pytest.mark.parametrize(
    ("listen", "lines"),
    [
        ({"address": "::1", "port": 80}, "ListenStream=[::1]:80\nFreeBind=yes\n"),
        ({"address": "127.0.0.1", "backlog": 7}, "ListenStream=127.0.0.1:9999\nFreeBind=yes\nBacklog=7\n"),
        ({"unix_socket": "/run/plotd.sock"}, "ListenStream=/run/plotd.sock\nSocketMode=0660\n"),
    ],
)
def test_the_socket_is_where_the_settings_say(listen: dict[str, object], lines: str) -> None:
    config = load(None, {}, {f"listen.{name}": value for name, value in listen.items()})
    assert lines in units.socket_unit(config)


def test_a_socket_needs_a_port_that_stays() -> None:
    with pytest.raises(ConfigError, match=r"listen\.port is 0"):
        units.socket_unit(load(None, {}, {"listen.port": 0}))
