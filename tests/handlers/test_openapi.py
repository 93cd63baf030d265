from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from tests.handlers.conftest import MakeSite, Site

from handlers.errors import STATUSES
from handlers.openapi import HEAD, place_of
from handlers.routes import ROUTES
from handlers.vocabulary import REFUSALS
from plotd.theme import NAMES as THEMES
from service.options import NAMES
from service.rendering import ENDINGS

PLOTS = Path(__file__).with_name("every_kind.py")


@pytest.fixture
async def told(site: Site, tmp_path: Path) -> dict[str, Any]:
    """The document on plots with parameters of every kind."""
    return await document(site, tmp_path)


async def document(site: Site, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "plots" / "every_kind.py").write_text(PLOTS.read_text())
    answer = await site.fetch("/-/openapi.json")
    assert (answer.code, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    return dict(json.loads(answer.body))


def whole(told: dict[str, Any], part: Any) -> Any:
    """Return *part* of the document with all that it refers to in its place."""
    if isinstance(part, list):
        return [whole(told, one) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        found: Any = told
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return whole(told, found)
    return {key: whole(told, value) for key, value in part.items()}


def parameters(told: dict[str, Any], path: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in whole(told, told["paths"][path]["parameters"]) if one["in"] == "query"}


@pytest.mark.parametrize(("pattern", "handler"), ROUTES)
def test_every_route_says_what_it_promises(pattern: str, handler: Any) -> None:
    place = place_of(pattern, handler)
    assert re.fullmatch(pattern, place.path.replace("{name}", "run1/loss").replace("{file}", "page.js")), place
    assert place.contract.summary and place.contract.replies
    assert callable(getattr(handler, place.contract.method))
    assert set(place.contract.errors) <= set(STATUSES.values())


async def test_the_document_is_openapi_3_1(told: dict[str, Any]) -> None:
    assert told["openapi"] == "3.1.0"
    validate(told)


async def test_each_plot_is_there_with_each_ending(told: dict[str, Any]) -> None:
    endings = {path.removeprefix("/plots/kinds") for path in told["paths"] if path.startswith("/plots/kinds")}
    assert endings == {"", ".{ending}", ".stream"}
    assert "/-/refresh/kinds" in told["paths"]
    at_ending = whole(told, told["paths"]["/plots/kinds.{ending}"])
    (ending,) = (one for one in at_ending["parameters"] if one["in"] == "path")
    assert {*ending["schema"]["enum"], "stream"} == {*ENDINGS, "json"}
    content = at_ending["get"]["responses"]["200"]["content"]
    stream = whole(told, told["paths"]["/plots/kinds.stream"])["get"]["responses"]["200"]["content"]
    assert {*content, *stream} == {"application/json", *(media.partition(";")[0] for media in ENDINGS.values())}
    assert [media for media, schema in content.items() if schema] == ["application/json"]


async def test_head_is_told_wherever_get_has_it(told: dict[str, Any], site: Site) -> None:
    for path, of_path in told["paths"].items():
        asked = path.replace("{ending}", "png").replace("{file}", "plotd.css")
        answered = 200 if "head" in of_path else 405
        if "needy" not in path and "odd" not in path:  # no example of theirs is there
            assert (await site.fetch(asked, method="HEAD")).code == answered, path
    assert whole(told, told["paths"]["/plots/kinds.{ending}"]["head"])["responses"] == {"default": HEAD}


async def test_two_hundred_plots_fit_into_a_megabyte(site: Site, tmp_path: Path) -> None:
    words = "file_path='data.csv', smooth: int = 1, since: date = 'now-8d'"
    plots = [f"def plot_training_loss_{n}({words}):\n    'The loss of one run, smoothed.'\n" for n in range(200)]
    (tmp_path / "plots" / "many.py").write_text("from datetime import date\n" + "".join(plots))
    answer = await site.fetch("/-/openapi.json", request_timeout=60)
    assert "/plots/training_loss_199.{ending}" in json.loads(answer.body)["paths"]
    assert len(answer.body) < 1_000_000


async def test_each_parameter_has_its_type_range_and_description(told: dict[str, Any]) -> None:
    found = parameters(told, "/plots/kinds.{ending}")
    assert found["n"] == {
        "name": "n",
        "in": "query",
        "allowEmptyValue": True,
        "description": "Points of the line. Expects a whole number.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 50, "title": "N", "default": 5},
    }
    assert found["mode"]["schema"]["enum"] == ["fast", "slow"]
    assert found["columns"]["schema"]["type"] == "array"
    assert found["at"]["allowEmptyValue"] and "allowEmptyValue" not in found["q"]
    assert found["since"]["schema"]["default"] == "now-8d"
    assert not any(one.get("required") for one in found.values())
    needed = parameters(told, "/plots/needy.{ending}")
    assert not any("allowEmptyValue" in needed[name] for name in ("needed", "file_path"))
    assert needed["file_path"]["schema"]["minLength"] == 1
    assert (needed["needed"]["required"], needed["needed"]["example"]) == (True, 5)
    assert (needed["file_path"]["required"], needed["file_path"]["example"]) == (True, "words.txt")


async def test_each_option_is_told_with_its_range(told: dict[str, Any]) -> None:
    found = {name: one for name, one in parameters(told, "/plots/odd.{ending}").items() if name.startswith("_")}
    assert list(found) == list(NAMES)
    assert all(one["description"] for one in found.values())
    assert found["_dpi"]["schema"] == {"type": "number", "minimum": 10, "maximum": 600}
    assert found["_theme"]["schema"]["enum"] == list(THEMES)


async def test_each_status_that_an_error_can_have_is_told(told: dict[str, Any]) -> None:
    operations = [
        of_path[method] for of_path in told["paths"].values() for method in ("get", "post") if method in of_path
    ]
    statuses = {int(status) for operation in operations for status in operation["responses"] if status != "4XX"}
    assert set(STATUSES.values()) - statuses == set(REFUSALS) - statuses
    assert all("4XX" in operation["responses"] for operation in operations)
    refusal = told["components"]["responses"]["4XX"]
    assert all(f"{status} `" in refusal["description"] for status in REFUSALS)
    assert set(refusal["headers"]) == {"Allow"}


async def test_what_cannot_be_drawn_is_not_told(told: dict[str, Any]) -> None:
    assert {tag["name"] for tag in told["tags"]} == {"/", "kinds", "needy", "odd"}


async def test_a_default_that_breaks_the_rules_is_not_told(told: dict[str, Any]) -> None:
    found = parameters(told, "/plots/odd.{ending}")
    assert "default" not in found["n"]["schema"] and "default" not in found["ratio"]["schema"]
    assert found["größe"]["schema"]["default"] == 1.0


async def test_no_place_of_the_machine_is_told(site: Site, tmp_path: Path) -> None:
    told = await document(site, tmp_path)
    assert parameters(told, "/plots/odd.{ending}")["notes_file"]["schema"]["default"] == "words.txt"
    assert str(tmp_path.parent) not in json.dumps(told)


async def test_it_is_labelled_and_made_anew_when_plots_change(site: Site, tmp_path: Path) -> None:
    await document(site, tmp_path)
    answers = await asyncio.gather(*(site.fetch("/-/openapi.json") for _ in range(4)))
    (etag,) = {answer.headers["Etag"] for answer in answers}
    again = await site.fetch("/-/openapi.json", headers={"If-None-Match": etag})
    assert (again.code, again.body) == (304, b"")
    (tmp_path / "plots" / "late.py").write_text("def plot_late(n: int): ...\n")
    changed = await site.fetch("/-/openapi.json", headers={"If-None-Match": etag})
    assert changed.code == 200
    assert "/plots/late.{ending}" in json.loads(changed.body)["paths"]


async def test_it_says_below_which_prefix_all_is(make_site: MakeSite) -> None:
    site = await make_site(listen={"base_url": "/shown"})
    answer = await site.fetch("/shown/-/openapi.json")
    assert json.loads(answer.body)["servers"] == [{"url": "/shown"}]


async def test_without_any_plot_it_is_valid_too(site: Site) -> None:
    told = json.loads((await site.fetch("/-/openapi.json")).body)
    validate(told)
    assert told["servers"] == [{"url": "/"}]
