from typing import Any

import click
import pytest

from paintnet.cli.types import NUMBERS, REGION, SIZE, XY, Count, Duration, Layers, Number


def convert(kind: click.ParamType[Any], value: Any) -> Any:
    return kind.convert(value, None, None)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (XY, "1,2", (1, 2)),
        (XY, "-1.5, 2e1", (-1.5, 20)),
        (REGION, "0,0,1.5,2", (0, 0, 1.5, 2)),
        (SIZE, "3x4", (3, 4)),
        (SIZE, "3X4", (3, 4)),
        (NUMBERS, "7", (7,)),
        (NUMBERS, "1,2,3", (1, 2, 3)),
        (Duration(), "10s", 10),
        (Duration(), "1.5M", 90),
        (Duration(), " 1 h ", 3600),
        (Duration(), "7", 7),
        (Duration(), ".5s", 0.5),
        (Layers(), "64,32", (64, 32)),
        (Layers(), "100x10", (100,) * 10),
        (Layers(), "8x2,4", (8, 8, 4)),
        (Number(0, 5), "2.5", 2.5),
        (Number(0, 5), "5", 5),
        (Number(whole=True), "-7", -7),
        (Count(), "200M", 200_000_000),
        (Count(), " 50k ", 50_000),
        (Count(), "1.5G", 1_500_000_000),
        (Count(), "1.1m", 1_100_000),
        (Count(), "50 MP", 50_000_000),
        (Count(), "50,000,000", 50_000_000),
        (Count(), "7", 7),
    ],
)
def test_good_values(kind: click.ParamType[Any], text: str, value: Any) -> None:
    assert convert(kind, text) == value
    assert convert(kind, value) == value  # what is converted already stays


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (XY, "5", "'5' is not of the form X,Y"),
        (Count(), "0", "0 is out of range; it must be at least 1"),
        (Count(), "-3k", "-3000 is out of range; it must be at least 1"),
        (Count(), "1.5", "'1.5' is not a whole number; write it like 50k, 200M or 1.5G"),
        (Count(), "many", "'many' is not a whole number; write it like 50k, 200M or 1.5G"),
        (Count(), "1e6", "'1e6' is not a whole number; write it like 50k, 200M or 1.5G"),
        (Count(), "nan", "'nan' is not a whole number; write it like 50k, 200M or 1.5G"),
        (XY, "a,b", "'a,b' is not of the form X,Y"),
        (XY, "1,2,3", "not of the form X,Y"),
        (XY, "nan,1", "not of the form X,Y"),
        (XY, "1,inf", "not of the form X,Y"),
        (XY, "1e999,1", "not of the form X,Y"),
        (XY, "", "not of the form X,Y"),
        (SIZE, "0x5", "'0x5' is out of range; each number must be at least 1"),
        (SIZE, "-3x5", "out of range"),
        (SIZE, "3.5x4", "not of the form WxH"),
        (SIZE, "3", "not of the form WxH"),
        (SIZE, "9" * 5000 + "x1", "not of the form WxH"),
        (REGION, "1,2,3", "not of the form X0,Y0,X1,Y1"),
        (Duration(), "0s", "'0s' is not a time above 0; write it like 10s, 2m or 1h"),
        (Duration(), "-5s", "not a time"),
        (Duration(), "soon", "not a time"),
        (Duration(), "", "not a time"),
        (Layers(), "0", "out of range; use 1 to 63 layers of 1 to 65536 units"),
        (Layers(), "x", "not a list of layers; write 64,64 or 100x10"),
        (Layers(), "64,", "not a list of layers"),
        (Layers(), "-3", "not a list of layers"),
        (Layers(), "4x1000000000", "out of range"),
        (Number(), "nan", "'nan' is not a number"),
        (Number(), "many", "'many' is not a number"),
        (Number(whole=True), "2.5", "'2.5' is not a whole number"),
        (Number(0, above=True), "0", "0 is out of range; it must be above 0"),
        (Number(0), "-1e-30", "-1e-30 is out of range; it must be at least 0"),
        (Number(0, 50, above=True), "50.00000001", "50.00000001 is out of range; it must be above 0 and at"),
        (Number(1, 1000, whole=True), "9" * 400, "9 is out of range; it must be from 1 to 1,000"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_bad_values_are_told_with_the_right_form(kind: click.ParamType[Any], text: str, words: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        convert(kind, text)
    assert words in caught.value.format_message()
