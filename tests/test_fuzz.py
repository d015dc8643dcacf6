"""The fuzzer itself: it repeats its cases, finds what is wrong, and finds nothing in what is right."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image

from paintnet.errors import PictureError
from paintnet.picture import open_picture, tiff_tiles
from tools.fuzz import runs
from tools.fuzz.corpus import palette_seeds, picture_seeds
from tools.fuzz.runs import Tally, case_of, run_case
from tools.fuzz.targets import Target, targets


@pytest.fixture(scope="module")
def every() -> Iterator[dict[str, Target]]:
    with targets([]) as found:
        yield found


@pytest.fixture(autouse=True)
def _kept_elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "KEPT", tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("name", ["pictures", "tiles", "models", "small", "palettes", "positions", "answers"])
def test_damaged_input_is_read_or_refused_in_words(every: dict[str, Target], name: str) -> None:
    target, tally = every[name], Tally()
    for number in range(len(target.seeds) + 60):
        run_case(target, 1, number, tally)
    assert tally.findings == []
    assert tally.outcomes["read"] > 0
    assert tally.outcomes["refused"] > 0


def test_seeds_are_whole(every: dict[str, Target]) -> None:
    for name in ("pictures", "tiles", "models", "small", "palettes", "positions"):
        for data in every[name].seeds:
            every[name].attempt(data)


def test_every_seed_of_the_tiles_is_decoded_tile_by_tile(
    every: dict[str, Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles, decode = list[int](), tiff_tiles.TiledImage._tile
    monkeypatch.setattr(
        tiff_tiles.TiledImage, "_tile", lambda self, number: tiles.append(number) or decode(self, number)
    )
    for data in every["tiles"].seeds:
        tiles.clear()
        every["tiles"].attempt(data)
        assert len(set(tiles)) > 1


def test_case_follows_from_seed_and_number() -> None:
    target = Target("pictures", picture_seeds([]), lambda data: None)
    cases = [case_of(target, 3, number) for number in range(100, 120)]
    assert cases == [case_of(target, 3, number) for number in range(100, 120)]
    assert cases != [case_of(target, 4, number) for number in range(100, 120)]
    assert len(set(cases)) > 15


def test_what_is_not_documented_is_found_and_kept() -> None:
    def fails(data: bytes) -> None:
        if b"#" not in data:
            raise ValueError("no color")

    tally = Tally()
    for number in range(40):
        run_case(Target("palettes", palette_seeds(), fails), 0, number, tally)
    assert tally.outcomes["finding"] == len(tally.findings) > 0
    assert tally.findings[0].endswith(": ValueError: no color")
    assert len(list(runs.KEPT.iterdir())) == len(tally.findings)


def test_error_that_cannot_be_shown_is_found() -> None:
    def fails(data: bytes) -> None:
        raise PictureError("a\x1b[2J", "hides", "what follows")

    tally = Tally()
    run_case(Target("pictures", [b"x"], fails), 0, 0, tally)
    assert "an error that cannot be shown" in tally.findings[0]


def test_damaged_checksums_are_mended_so_that_damage_goes_deeper() -> None:
    buffer = io.BytesIO()
    Image.effect_noise((40, 40), 90).save(buffer, "PNG")
    target = Target("pictures", [buffer.getvalue()], lambda data: None)
    messages = []
    for number in range(1, 80):
        try:
            open_picture(io.BytesIO(case_of(target, 0, number)))
        except PictureError as error:
            messages.append(error.why)
    assert sum("checksum" not in message for message in messages) > len(messages) / 2
