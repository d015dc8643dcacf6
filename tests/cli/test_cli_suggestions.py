"""A slip of the fingers gets one good suggestion, and messages name options as the command line does."""

from pathlib import Path

import click
import pytest

from paintnet import cli
from paintnet.cli.help import in_names_of_options
from paintnet.cli.suggestions import nearest
from tests.command_line import Run


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("ft", "No such command 'ft'; did you mean 'fit'?; see 'paintnet --help'"),
        ("Render", "No such command 'Render'; did you mean 'render'?; see 'paintnet --help'"),
        ("xyzzy", "No such command 'xyzzy'; see 'paintnet --help'"),
        ("sample:bird", "No such command 'sample:bird'; did you mean 'paintnet fit sample:bird'?; see"),
        ("photo.png", "No such command 'photo.png'; did you mean 'paintnet fit photo.png'?; see"),
        ("--verson", "No such option '--verson'; did you mean '--version'?; see 'paintnet --help'"),
        ("fit --epoch 3", "No such option '--epoch'; did you mean '--epochs'?; see 'paintnet fit --help'"),
        ("fit --out a.png", "No such option '--out'; did you mean '--output'?; see"),
        ("fit -epochs 3", "No such option '-e'; did you mean '--epochs'?; see"),
        ("fit --colour 3", "No such option '--colour'; did you mean '--colors'?; see"),
        ("fit -x", "No such option '-x'; see 'paintnet fit --help'"),
        ("fit --zzz", "No such option '--zzz'; see 'paintnet fit --help'"),
        (
            "fit --preset fien",
            "Invalid value for '--preset': 'fien' is not one of 'draft', 'standard', 'fine', 'tutorial'; "
            "did you mean 'fine'?; see 'paintnet fit --help'",
        ),
        (
            "fit --encoding gird",
            "Invalid value for '--encoding': 'gird' is not one of 'raw', 'fourier', 'grid', 'pyramid'; "
            "did you mean 'grid'?; see 'paintnet fit --help'",
        ),
        (
            "predict --units cm",
            "Invalid value for '--units': 'cm' is not one of 'pixel', 'unit', 'percent'; s",
        ),
        ("help lessen", "lessen: there is no such command or page; did you mean 'lesson'?"),
        ("help xyzzy", "xyzzy: there is no such command or page; `paintnet help` lists what there is"),
    ],
)
@pytest.mark.usefixtures("untrained", "photo")
def test_one_suggestion_or_none(run: Run, args: str, message: str) -> None:
    assert run(*args.split()).failed(2).startswith(message)


def test_a_word_that_begins_a_name_wins_over_one_that_is_alike() -> None:
    assert nearest("--re", ["--ree", "--report", "--require-psnr"]) == "--ree"
    assert nearest("--repo", ["--report", "--reps"]) == "--report"
    assert nearest("", ["fit"]) is None
    assert nearest("fit", []) is None


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            "--mode classify --target-psnr 9",
            "--target-psnr: classify learns classes, not colors; use --mode regress",
        ),
        (
            "--colors 3",
            "--colors, --threshold, --palette: only classify sorts pixels into classes; use --mode classify",
        ),
        (
            "--mode classify --colors 3 --threshold 3",
            "--colors and --threshold: they cannot be combined; give only one of them",
        ),
        (
            "--mode classify --for any-size",
            "--for: any-size learns colors, and classify learns classes; "
            "use --mode regress, or --for copying",
        ),
        (
            "--solver lbfgs --time 5s",
            "--time: lbfgs takes all pixels at once: it has no epochs, rate or batches; "
            "use --iterations, or --solver adam",
        ),
    ],
)
@pytest.mark.usefixtures("untrained", "photo")
def test_what_the_library_refuses_is_told_by_options(run: Run, args: str, message: str) -> None:
    assert run("fit", "photo.png", *args.split()).failed(2) == message


def test_an_engine_that_does_not_fit_is_told_by_its_option(run: Run, photo: Path) -> None:
    assert run("fit", photo.name, "--engine", "numpy", "--encoding", "raw").failed(2) == (
        "--engine numpy: training by blocks needs the grid encoding, not raw; "
        "use --engine stock, or leave it to auto"
    )


def test_words_of_english_and_names_of_files_are_left_alone() -> None:
    found = cli.cli.get_command(click.Context(cli.cli), "fit")
    assert found is not None
    assert in_names_of_options("a copy of 900 pixels a side (max_side) keeps them", found) == (
        "a copy of 900 pixels a side (--max-side) keeps them"
    )
    for text in ("max_side.png", "a/max_side", "18 epochs in 3 seconds", "mode solver", "its encoding utf-8"):
        assert in_names_of_options(text, found) == text
