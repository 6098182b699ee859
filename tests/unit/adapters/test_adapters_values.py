"""Values of registers become values of the catalogue in the form declared, or not at all."""

from __future__ import annotations

import pytest

from adapters.kinds.values import converter

UUID = "0a3f50c0-0000-4000-8000-00000000000a"


@pytest.mark.parametrize(
    ("type_", "form", "written", "value"),
    [
        ("string", None, "Nørregade", "Nørregade"),
        ("string", "number", 7, "7"),
        ("code", None, "E", "E"),
        ("code", "number", 120, "120"),
        ("integer", None, -7, -7),
        ("integer", "text", "81", 81),
        ("integer", "text", "-81", -81),
        ("boolean", None, False, False),
        ("boolean", "ja/nej", "ja", True),
        ("boolean", "1/0", "0", False),
        ("date", None, "2024-02-29", "2024-02-29"),
        ("date", "dd-mm-yyyy", "29-02-2024", "2024-02-29"),
        ("date", "yyyymmdd", "20240229", "2024-02-29"),
        ("date", "timestamp", "2024-02-28T23:30:00Z", "2024-02-29"),
        ("date", "timestamp", "2024-02-29T00:30:00.123456789+01:00", "2024-02-29"),
        ("month", None, "2024-02", "2024-02"),
        ("month", "yyyymm", "202402", "2024-02"),
        ("month", "date", "2024-02-01", "2024-02"),
        ("uuid", None, UUID, UUID),
        ("uuid", "any-case", UUID.upper(), UUID),
        ("personnummer", None, "6101010000", "6101010000"),
        ("cvr", "number", 90000012, "90000012"),
    ],
)
def test_values_in_the_form_declared_are_turned(
    type_: str, form: str | None, written: object, value: object
) -> None:
    """The value has the type of the catalogue, and a date the form of ISO 8601."""
    made = converter(type_, form)(written)
    assert (value, type(value)) == (made, type(made))


@pytest.mark.parametrize(
    ("type_", "form", "written"),
    [
        ("string", None, 7),
        ("string", None, "K�benhavn"),
        ("string", "number", "7"),
        ("string", "number", True),
        ("integer", None, "81"),
        ("integer", None, True),
        ("integer", None, 81.0),
        ("integer", "text", "081"),
        ("integer", "text", "+81"),
        ("integer", "text", "81,0"),
        ("integer", "text", "1.000"),
        ("integer", "text", "٨١"),
        ("integer", "text", 81),
        ("boolean", None, 1),
        ("boolean", None, "true"),
        ("boolean", "ja/nej", "JA"),
        ("boolean", "ja/nej", True),
        ("date", None, "2024-02-30"),
        ("date", None, "2024-2-9"),
        ("date", None, "2024-02-29T00:00:00Z"),
        ("date", "dd-mm-yyyy", "2024-02-29"),
        ("date", "timestamp", "2024-02-29T00:00:00"),
        ("date", "timestamp", "2024-02-29"),
        ("month", None, "2024-13"),
        ("uuid", None, UUID.upper()),
        ("uuid", None, "0a3f50c0"),
        ("personnummer", None, "610101-0000"),
        ("personnummer", "number", 101010000),
        ("cvr", None, "9000001"),
    ],
)
def test_values_in_another_form_are_errors(type_: str, form: str | None, written: object) -> None:
    """Nothing is guessed: what is not written as declared is no value."""
    with pytest.raises((ValueError, TypeError)):
        converter(type_, form)(written)


@pytest.mark.parametrize(
    ("type_", "form"),
    [
        ("date", "d/m/y"),
        ("month", "mm"),
        ("boolean", "ja"),
        ("boolean", "a/a"),
        ("integer", "float"),
        ("uuid", "number"),
        ("code", "upper"),
        ("string", "latin1"),
    ],
)
def test_forms_that_there_are_not_are_refused(type_: str, form: str) -> None:
    """A catalogue entry with such a form is not loaded."""
    with pytest.raises(ValueError, match="form is"):
        converter(type_, form)
