from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum, IntEnum
from functools import wraps
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal, NewType, Optional, Union

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from pydantic import AwareDatetime, Field, FilePath, NaiveDatetime, PastDate, PositiveInt, conint
from typing_extensions import TypeAliasType

from plots.dates import RelativeTime
from plots.signature import NotServable, read_parameters
from plots.spec import Parameter

if TYPE_CHECKING:
    from nowhere import Nothing  # type: ignore[import-not-found]

FOLDER = Path("/plots/run1")
Metres = NewType("Metres", float)
Count = TypeAliasType("Count", int)  # what `type Count = int` makes in Python 3.12
Letter = Literal["a"]


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


def read(function: Callable[..., object], *skip: str) -> dict[str, Parameter]:
    return {one.name: one for one in read_parameters(function, skip=skip, folder=FOLDER)}


def of(annotation: Any, *default: Any) -> Parameter:
    """Return the parameter that an argument with that annotation, and perhaps default, becomes."""

    def without(x: Any) -> None: ...
    def with_default(x: Any = default[0] if default else None) -> None: ...

    function = with_default if default else without
    function.__annotations__ = {} if annotation is None else {"x": annotation}
    return read(function)["x"]


def why_not(function: Callable[..., object]) -> str:
    with pytest.raises(NotServable) as refused:
        read(function)
    text = str(refused.value)
    assert "\n" not in text
    assert len(text) < 400
    return text


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, "int"),
        (float, "float"),
        (bool, "bool"),
        (str, "str"),
        (Path, "path"),
        (PurePath, "path"),
        (os.PathLike, "path"),
        (os.PathLike[str], "path"),
        (FilePath, "path"),
        (date, "date"),
        (PastDate, "date"),
        (datetime, "datetime"),
        (NaiveDatetime, "datetime"),
        (AwareDatetime, "datetime"),
        (timedelta, "timedelta"),
        (Literal["a", "b"], "choice"),
        (Mode, "choice"),
        (Level, "choice"),
        (PositiveInt, "int"),
        (conint(ge=3), "int"),
        (Metres, "float"),
        (Count, "int"),
        (Any, "str"),
        (object, "str"),
        (None, "str"),
        (int | float, "float"),
        (Union[float, int], "float"),  # noqa: UP007 - authors do
        (date | datetime, "datetime"),
        (str | Path, "path"),
        (Path | Literal["demo"], "path"),
        (pd.DataFrame | str, "str"),
    ],
)
def test_an_annotation_tells_the_kind(annotation: Any, kind: str) -> None:
    found = of(annotation)
    assert (found.kind, found.required, found.repeated, found.nullable) == (kind, True, False, False)


@pytest.mark.parametrize(
    ("default", "kind", "repeated"),
    [
        (True, "bool", False),
        (1, "int", False),
        (np.int64(1), "int", False),
        (0.1, "float", False),
        (np.float64(0.1), "float", False),
        ("a", "str", False),
        (Path("a"), "path", False),
        (date(2024, 1, 1), "date", False),
        (datetime(2024, 1, 1, tzinfo=UTC), "datetime", False),
        (pd.Timestamp("2024-01-01"), "datetime", False),
        (timedelta(1), "timedelta", False),
        (pd.Timedelta("1D"), "timedelta", False),
        (Mode.FAST, "choice", False),
        (Level.LOW, "choice", False),
        ([], "str", True),
        ([1, 2], "int", True),
        ((1, 2), "int", True),
        ((1, 2.5), "float", True),
        (["a"], "str", True),
        ([True], "bool", True),
        ({Path("a")}, "path", True),
    ],
)
def test_without_annotation_the_defaults_type_counts(default: Any, kind: str, repeated: bool) -> None:
    for annotation in (None, Any):
        found = of(annotation, default)
        assert (found.kind, found.repeated, found.required, found.nullable) == (kind, repeated, False, False)


@pytest.mark.parametrize("annotation", [int | None, Optional[int], Union[None, int]])  # noqa: UP007, UP045 - authors do
def test_x_or_none_is_an_x_that_may_stay_empty(annotation: Any) -> None:
    found = of(annotation)
    assert (found.kind, found.nullable, found.required) == ("int", True, True)


def test_a_default_of_none_lets_any_argument_stay_empty() -> None:
    for annotation, kind in ((int, "int"), (None, "str"), (Literal["a"], "choice"), (date, "date")):
        found = of(annotation, None)
        assert (found.kind, found.nullable, found.required, found.default) == (kind, True, False, None)
    choice = of(Literal["a", None])  # noqa: PYI061 - authors do
    assert (choice.nullable, choice.choices) == (True, (("a", "a"),))


@pytest.mark.parametrize(
    ("annotation", "gather"),
    [
        (list[int], list),
        (Sequence[int], list),
        (Iterable[int], list),
        (tuple[int, ...], tuple),
        (tuple[int, int], tuple),
        (set[int], set),
        (frozenset[int], frozenset),
        (list[int | None], list),
        (list[int] | int, list),
        (Annotated[list[int], Field(max_length=3)], list),
    ],
)
def test_a_list_is_a_repeated_item(annotation: Any, gather: object) -> None:
    found = of(annotation)
    assert (found.kind, found.repeated, found.gather, found.nullable) == ("int", True, gather, False)
    nullable = of(annotation | None)
    assert (nullable.kind, nullable.repeated, nullable.nullable) == ("int", True, True)


def test_a_bare_list_takes_text_or_what_its_default_holds() -> None:
    assert of(list).kind == "str"
    assert of("list", []).kind == "str"
    assert of("list", [1, 2]).kind == "int"
    assert of(Sequence, ()).repeated


def test_the_items_of_a_list_keep_their_own_constraints_and_the_list_its() -> None:
    found = of(Annotated[list[Annotated[int, Field(ge=1, le=9)]], Field(max_length=3, description="Which ones")])
    assert (found.low, found.high, found.description) == (1, 9, "Which ones")


@pytest.mark.parametrize("name", ["path", "file", "filename", "folder", "csv_path", "log_file", "run_dir"])
def test_a_name_tells_that_text_is_a_path(name: str) -> None:
    scope: dict[str, Any] = {}
    for signature, required in (("{}", True), ("{}: str", True), ("{}=None", False), ("{}: str | None = None", False)):
        exec(f"def function({signature.format(name)}): pass", scope)
        found = read(scope["function"])[name]
        assert (found.kind, found.required, found.nullable) == ("path", required, not required)


def test_a_name_makes_no_path_of_what_is_no_text() -> None:
    def function(profile, paths: str, file: int, folder: Literal["a"], path=3): ...  # type: ignore[no-untyped-def]

    kinds = {name: one.kind for name, one in read(function).items()}
    assert kinds == {"profile": "str", "paths": "str", "file": "int", "folder": "choice", "path": "int"}


def test_a_list_of_text_with_such_a_name_is_one_of_paths() -> None:
    def function(file: list[str], path: list[Path], folder=["a"]): ...  # type: ignore[no-untyped-def] # noqa: B006

    assert [(one.kind, one.repeated) for one in read(function).values()] == [("path", True)] * 3


def test_a_relative_default_is_meant_from_the_plot_files_folder() -> None:
    def function(  # type: ignore[no-untyped-def]
        file_path="a.csv",
        one: Path = Path("../b.csv"),
        other: Path = Path("/data/c.csv"),
        many: Sequence[Path] = (Path("d.csv"),),
        filename: str = "",
        log_file="https://example.org/a.csv",
        run_dir="~/runs",
        name="a.csv",
    ): ...

    defaults = {name: one.default for name, one in read(function).items()}
    assert defaults == {
        "file_path": FOLDER / "a.csv",
        "one": FOLDER / "../b.csv",
        "other": Path("/data/c.csv"),
        "many": (FOLDER / "d.csv",),
        "filename": "",
        "log_file": "https://example.org/a.csv",
        "run_dir": "~/runs",
        "name": "a.csv",
    }


def test_dates_and_durations_may_have_text_as_default() -> None:
    def function(
        window: timedelta = "15min",  # type: ignore[assignment]
        since: date | None = "now-6h",  # type: ignore[assignment]
        until: datetime = "2024-05-31T12:00Z",  # type: ignore[assignment]
        step: timedelta | date = "1h",  # type: ignore[assignment]
        label: str = "15min",
    ) -> None: ...

    defaults = {name: one.default for name, one in read(function).items()}
    assert defaults == {
        "window": timedelta(minutes=15),
        "since": RelativeTime("now", timedelta(hours=-6)),
        "until": datetime(2024, 5, 31, 12, tzinfo=UTC),
        "step": timedelta(hours=1),
        "label": "15min",
    }


def test_a_default_that_is_no_such_text_is_told() -> None:
    def function(window: timedelta = "15") -> None: ...  # type: ignore[assignment]

    assert why_not(function) == (
        "the default of 'window' can't be read: "
        "expected a duration with its unit, such as 90s, 15min, 6h or 8d, got '15'"
    )


def test_times_are_naive_where_their_author_says_so() -> None:
    naive, aware = datetime.fromisoformat("2024-05-31T12:00"), datetime(2024, 5, 31, 12, tzinfo=UTC)
    assert of(None, naive).naive
    assert of(datetime, naive).naive
    assert of(list[datetime], [naive]).naive
    assert of(NaiveDatetime).naive
    assert of(NaiveDatetime | None, None).naive
    assert of(datetime | timedelta, naive).alternatives[0].naive
    assert not of(datetime, aware).naive
    assert not of(datetime).naive
    assert not of(datetime, "2024-05-31T12:00").naive
    assert not of(AwareDatetime, None).naive


@pytest.mark.parametrize(
    ("annotation", "low", "high"),
    [
        (Annotated[int, Field(ge=1, le=10)], 1, 10),
        (Annotated[int, Field(gt=1, lt=10)], 2, 9),
        (Annotated[float, Field(ge=0, le=0.5)], 0, 0.5),
        (Annotated[float, Field(gt=0, lt=1)], None, None),
        (Annotated[float, Field(ge=0, le=float("inf"))], 0, None),
        (Annotated[int | None, Field(ge=1)], 1, None),
        (Annotated[Annotated[int, Field(ge=1)], Field(le=5)], 1, 5),
        (PositiveInt, 1, None),
        (int, None, None),
    ],
)
def test_the_bounds_of_a_number_are_known(annotation: Any, low: float | None, high: float | None) -> None:
    found = of(annotation)
    assert (found.low, found.high) == (low, high)


def test_a_field_may_bring_title_and_description() -> None:
    found = of(Annotated[int, Field(title="Window width", description="In rows")], 5)
    assert (found.title, found.description) == ("Window width", "In rows")


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Literal["a", 1, True, Mode.FAST], ["a", "1", "true", "fast"]),
        (Letter | Literal["b"], ["a", "b"]),
        (Mode, ["fast", "slow"]),
        (Level, ["LOW", "HIGH"]),
        (Enum("Odd", {"A": "B", "B": 1}), ["A", "B"]),
    ],
)
def test_each_choice_has_a_word(annotation: Any, words: list[str]) -> None:
    assert [word for word, _ in of(annotation).choices] == words


def test_what_nobody_can_set_is_no_parameter() -> None:
    class Net:
        def plot_loss(self, x: int, *rest: int, _hidden: int = 1, _: int = 2, **more: int) -> None: ...

    assert list(read(Net.plot_loss)) == ["x"]
    assert list(read(Net().plot_loss)) == ["x"]
    assert not read(Net.plot_loss, "x")


def test_only_the_first_argument_of_a_method_is_self() -> None:
    def function(x: int, self: int) -> None: ...

    assert list(read(function)) == ["x", "self"]


def test_the_names_that_break_models_are_names_like_others() -> None:
    def function(json, copy, schema, model_config, dict, validate, model_fields): ...  # type: ignore[no-untyped-def]

    names = ["json", "copy", "schema", "model_config", "dict", "validate", "model_fields"]
    assert list(read(function)) == names


def test_a_decorated_function_keeps_its_own_signature_and_names() -> None:
    def decorate(function: Callable[..., object]) -> Callable[..., object]:
        @wraps(function)
        def wrapper(*args: object, **kwargs: object) -> object:
            return function(*args, **kwargs)

        return wrapper

    @decorate
    def function(mode: Mode, w: timedelta = timedelta(1)) -> None: ...

    assert [one.kind for one in read(function).values()] == ["choice", "timedelta"]


@pytest.mark.parametrize("name", ["ax", "axes", "axs", "fig", "figure"])
def test_a_function_that_draws_on_what_it_is_given_is_not_servable(name: str) -> None:
    scope: dict[str, Any] = {}
    exec(f"def function({name}, x=1): pass\ndef optional(x=1, {name}=None): pass\ndef number({name}=2): pass", scope)
    assert why_not(scope["function"]) == f"'{name}' is required, but no URL can carry something to draw on"
    assert list(read(scope["optional"])) == ["x"]
    assert read(scope["number"])[name].kind == "int"


@pytest.mark.parametrize(
    ("annotation", "told"),
    [
        (Axes, "'Axes'"),
        (Axes | None, "'Axes'"),
        (pd.DataFrame, "'DataFrame'"),
        (np.ndarray, "'ndarray'"),
        (dict, "'dict'"),
        (dict[str, int], "'dict'"),
        (Callable[[int], int], "'Callable'"),
        (list[dict[str, int]], "'dict'"),
        (bytes, "'bytes'"),
        (tuple[int, str], "a tuple of mixed types"),
        (list[list[int]], "a list of lists"),
        (5, "'5'"),
        ([1], r"'\[1\]'"),
    ],
)
def test_a_type_that_no_url_can_carry_is_not_servable_unless_it_may_be_left_out(annotation: Any, told: str) -> None:
    with pytest.raises(NotServable, match=f"^'x' is required, but no URL can carry .*{told}$"):
        of(annotation)
    with pytest.raises(KeyError, match="x"):
        of(annotation, None)


@pytest.mark.parametrize("default", [{}, len, object(), [1, "a"], [[1]], np.zeros(3), 1j, np.bool_(True), int])
def test_a_default_that_no_url_can_carry_stays_as_it_is(default: object) -> None:
    with pytest.raises(KeyError, match="x"):
        of(None, default)


def test_positional_and_underscored_arguments_without_default_are_told() -> None:
    def positional(x, /): ...  # type: ignore[no-untyped-def]
    def underscored(_x): ...  # type: ignore[no-untyped-def]
    def optional(x=1, /, _y=2, z=3): ...  # type: ignore[no-untyped-def]

    assert why_not(positional) == "'x' is required, but it can only be passed by position"
    assert why_not(underscored) == "'_x' is required, but names that begin with an underscore can't be set"
    assert list(read(optional)) == ["z"]


def test_an_annotation_that_cannot_be_read_is_told_with_why() -> None:
    def function(x: Nothing = 1) -> None: ...

    assert why_not(function) == "the annotation of 'x' can't be read: NameError: name 'Nothing' is not defined"
    with pytest.raises(NotServable, match="the annotation of 'x' can't be read: SyntaxError"):
        of("the first one")
    with pytest.raises(NotServable, match="the annotation of 'x' can't be read: AttributeError"):
        of("pd.Nothing", 1)
    with pytest.raises(NotServable, match="the annotation of 'x' can't be read: ZeroDivisionError"):
        of("1 / 0", 1)


def test_a_signature_that_cannot_be_read_is_told() -> None:
    def function() -> None: ...

    function.__signature__ = 5  # type: ignore[attr-defined]
    assert why_not(function).startswith("its signature can't be read: ")


def test_an_annotation_of_something_else_may_be_unreadable() -> None:
    def function(x: int, _y: Nothing = 1, *rest: Nothing, left: Nothing = 1, **more: Nothing) -> Nothing: ...

    assert list(read(function, "left")) == ["x"]


@pytest.mark.parametrize(
    "annotation",
    [Annotated[str, Field(pattern="(")], Annotated[int, Field(ge="a")], Annotated[int, ([],)]],
)
def test_constraints_that_cannot_be_used_are_told(annotation: Any) -> None:
    with pytest.raises(NotServable, match=r"^the annotation of 'x' can't be used: ") as refused:
        of(annotation, None)
    assert "\n" not in str(refused.value)


def test_notes_in_an_annotation_that_pydantic_does_not_know_do_no_harm() -> None:
    assert of(Annotated[int, {"unit": "m"}, ["a"], "metres"]).kind == "int"


def test_parameters_can_be_sent_to_another_process() -> None:
    def function(
        file_path: Path,
        n: Annotated[int, Field(ge=1, le=9)] = 3,
        since: date = "now-8d",  # type: ignore[assignment]
        mode: Mode = Mode.FAST,
        c: Sequence[str] = (),
        u: int | Literal["auto"] = "auto",
    ) -> None: ...

    parameters = read_parameters(function, folder=FOLDER)
    again = pickle.loads(pickle.dumps(parameters))
    assert [(one.name, one.kind, one.default, one.low, one.choices) for one in again] == [
        (one.name, one.kind, one.default, one.low, one.choices) for one in parameters
    ]
