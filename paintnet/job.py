"""One picture to its outputs: check, open, fit, measure, encode, write.

Each step is one call, so that a command, a batch or a page can show what happens between them:
`Job.check`, `Job.open`, `OpenJob.fit` and `FittedJob.write`; `Job.run` is all of them.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, Any, BinaryIO

from paintnet.dataset.windows import patch_side
from paintnet.errors import SettingsError
from paintnet.executor import Cluster
from paintnet.files.names import PAINTED
from paintnet.files.staging import StagedFile
from paintnet.files.writing import Writer, check_apart, check_output, told_together, write_together
from paintnet.modelfile import EXTENSION, encode_model, model_pieces
from paintnet.outputs import FRAMES, Outputs
from paintnet.painter.checkpoint import check_can_be_stored
from paintnet.painter.keeping import Keeping, run_through
from paintnet.painter.painter import Painter
from paintnet.painter.parts import PartClock
from paintnet.painter.quality import Measurement
from paintnet.painter.run import Listener
from paintnet.painting import Painting
from paintnet.picture import (
    OUTPUT_FORMATS,
    OpenedPicture,
    OpenLimits,
    check_size,
    open_picture,
    output_size,
    shrink,
    write_bands,
)
from paintnet.picture.levels import Pixels
from paintnet.settings.presets import settings_for
from paintnet.typing import Array


@dataclass(frozen=True, kw_only=True)
class Job:
    """One picture to its outputs, not begun.

    Parameters
    ----------
    source : str, Path or array
        What `paintnet.picture.open_picture` takes.
    preset : str
        Rule that gives the settings.
    settings : mapping
        Settings that win over the preset.
    limits : OpenLimits
        Of what is opened.
    max_side : int or None
        Learn from a copy of at most this side.
    patch : int, "auto" or None
        Pixels along the side of a patch, as `paintnet.painter.painter.Painter` takes it.
    workers, cluster : int, Cluster or None
        Processes that learn patches side by side, or whose workers do.
    outputs : Outputs
        What is written; with neither picture nor model, one of each is named after the source.
    scale, size : float, (int, int) or None
        Size of the painted pictures, as a multiple of the source's or in pixels.
    frames : int
        Of the animation and the report, at most.
    force : bool
        Whether existing files may be replaced.
    streams : mapping of str to binary file
        Outputs of these names are not files: a picture goes there as PNG.
    command, class_names : str, sequence of str or None
        What the report says about how it was made, and calls the classes.
    inputs : tuple of str
        Other files that were read, such as a palette: no output may replace them.
    keeps_metadata : bool
        Whether EXIF and XMP of the picture go to the painted ones; its resolution always does.
    keeping : Keeping
        Checkpoints of the run, the one that it goes on from, and what Ctrl-C leaves of it.
    clock : PartClock
        Is told which part of the job is on its way, and tells others; it knows the time of each.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     outputs = Outputs(models=(f"{folder}/bird.paintnet",))
    ...     job = Job(source="sample:bird", preset="draft", settings={"epochs": 5}, outputs=outputs)
    ...     done = job.run()
    ...     [PurePath(path).name for path in done.written], done.quality.ssim > 0.5
    (['bird.paintnet'], True)
    """

    source: Any
    preset: str = "standard"
    settings: Mapping[str, Any] = field(default_factory=dict)
    limits: OpenLimits = field(default_factory=OpenLimits)
    max_side: int | None = None
    patch: int | str | None = "auto"
    workers: int = 1
    cluster: Cluster | None = None
    outputs: Outputs = field(default_factory=Outputs)
    scale: float | None = None
    size: tuple[int, int] | None = None
    frames: int = FRAMES
    force: bool = False
    streams: Mapping[str, BinaryIO] = field(default_factory=dict)
    command: str = ""
    class_names: tuple[str, ...] | None = None
    inputs: tuple[str, ...] = ()
    keeps_metadata: bool = False
    keeping: Keeping = field(default_factory=Keeping)
    clock: PartClock = field(default_factory=PartClock)

    def check(self) -> None:
        """Refuse what can be refused before anything is fetched.

        Raises
        ------
        PaintnetError
            If a setting or an output cannot be used.
        """
        settings = settings_for(64, 64, self.preset, **self.settings)  # of any picture
        patch_side(64, 64, self.patch)
        if self.keeping.checkpoint is not None or self.keeping.resume is not None:
            check_can_be_stored(settings)
        if settings.solver == "lbfgs" and (self.outputs.animation or self.outputs.report):
            what = "animation" if self.outputs.animation else "report"
            raise SettingsError(what, "lbfgs has no epochs that could be shown", "use solver adam")
        self._check_outputs(self.outputs)

    def open(self, stdin: BinaryIO | None = None) -> "OpenJob":
        """Open the picture, and check what depends on it.

        Raises
        ------
        PaintnetError
            If it cannot be opened, or the outputs cannot be written at its size.
        """
        self.clock.at("opening")
        opened = open_picture(self.source, limits=self.limits, stdin=stdin)
        outputs = self.outputs
        if not (outputs.pictures or outputs.models):
            names = ((opened.name + PAINTED,), (opened.name + EXTENSION,))
            outputs = Outputs(*names, outputs.animation, outputs.report)
        self._check_outputs(outputs, stdin)
        pixels = shrink(opened.held, self.max_side) if self.max_side else opened.held
        own = (pixels.shape[1], pixels.shape[0])
        size = output_size(own, self.scale, self.size, self.limits.max_pixels)
        for path in outputs.pictures:
            check_size(path, OUTPUT_FORMATS[self._extension(path)], size)
        return OpenJob(self, opened, pixels, outputs, size)

    def run(self, listeners: Sequence[Listener] = ()) -> "FittedJob":
        """Do all of it.

        Raises
        ------
        PaintnetError
            If anything fails; what could be written is written.
        """
        self.check()
        fitted = self.open().fit(listeners)
        fitted.write()
        return fitted

    def _check_outputs(self, outputs: Outputs, stdin: BinaryIO | None = None) -> None:
        source = stdin if isinstance(self.source, str) and self.source == "-" else self.source
        check_apart(outputs.paths, (source, *self.inputs, self.keeping.resume))
        if self.keeping.checkpoint is not None:
            check_apart((*outputs.paths, self.keeping.checkpoint), (source, *self.inputs))
            self.keeping.check(force=self.force)
        kinds: list[tuple[Sequence[str], Any]] = [
            (outputs.pictures, OUTPUT_FORMATS),
            (outputs.models, [EXTENSION]),
            ([] if outputs.report is None else [outputs.report], [".html", ".htm"]),
        ]
        if outputs.animation or outputs.report:
            from paintnet.animation.formats import ANIMATIONS, Timing, check_format, check_frames

            check_frames(self.frames)
            if outputs.animation:
                Timing(outputs.animation.fps)
                check_format(outputs.animation.path)
                kinds.append(([outputs.animation.path], ANIMATIONS))
        for paths, extensions in kinds:
            for path in paths:
                if path not in self.streams:
                    check_output(path, force=self.force, extensions=extensions)

    def _extension(self, path: str) -> str:
        return ".png" if path in self.streams else PurePath(path).suffix.lower()


@dataclass(frozen=True, eq=False)
class OpenJob:
    """A job whose picture is there.

    Parameters
    ----------
    job : Job
        What is to be done.
    opened : OpenedPicture
        The picture as it was opened, with notes about it.
    pixels : float32 array or LevelPicture of shape (height, width, channels)
        What is learned.
    outputs : Outputs
        What is written.
    size : (int, int)
        Width and height of the painted pictures.
    """

    job: Job
    opened: OpenedPicture
    pixels: Pixels
    outputs: Outputs
    size: tuple[int, int]

    def fit(self, listeners: Sequence[Listener] = ()) -> "FittedJob":
        """Learn the picture and measure the painting, once.

        Raises
        ------
        PaintnetError
            If a setting does not fit the picture, or the training fails.
        """
        job, outputs = self.job, self.outputs
        with ExitStack() as stack:
            taker, curve, views = None, None, list[Listener]()
            if outputs.animation or outputs.report:
                from paintnet.animation.frames import FrameTaker

                taker = stack.enter_context(FrameTaker(job.frames))
                views.append(taker)
            if outputs.report:
                from paintnet.report.report import CurveListener

                curve = CurveListener()
                views.append(curve)
            painter = Painter(
                job.preset, patch=job.patch, workers=job.workers, cluster=job.cluster, **job.settings
            )
            run = painter.start(self.pixels)
            run.listeners = [lambda event, run: job.clock(event), *listeners, *views]
            run_through(run, job.keeping)
            painting = run.result()
            assert run.quality_ is not None  # noqa: S101 - measured with the result; told to mypy
            _ = run.quality_.ssim  # measured here and kept, as all the rest
            seconds, files = run.schedule.seconds, stack.pop_all()
            return FittedJob(self, painting, run.quality_, seconds, taker, curve, files)


@dataclass(frozen=True, eq=False)
class FittedJob:
    """A job whose picture has been learned.

    Parameters
    ----------
    open_job : OpenJob
        Where it comes from.
    painting : Painting
        The result.
    quality : Measurement
        How good it is.
    seconds : float
        Training time.
    written, notes : list of str
        After `write`: paths, and what was lost in a format.
    """

    open_job: OpenJob
    painting: Painting
    quality: Measurement
    seconds: float
    _taker: Any
    _curve: Any
    _views: ExitStack
    written: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def seconds_by_part(self) -> dict[str, float]:
        """How long each part of the job took; after `write` they are all of its time."""
        return self.open_job.job.clock.seconds

    def write(self) -> None:
        """Encode everything, then put all files in their places together, streams last.

        Raises
        ------
        PaintnetError
            If an output cannot be made or written; all others are written.
        """
        contents, failures = dict[str, bytes | Writer](), dict[str, Exception]()
        streams, clock = self.open_job.job.streams, self.open_job.job.clock
        with self._views:
            for path, encode in self._encoders():
                clock.at("writing")
                try:
                    contents[path] = encode()
                except Exception as error:
                    failures[path] = error
        clock.at("writing")
        files = {path: content for path, content in contents.items() if path not in streams}
        failures |= (failed := write_together(files))
        self.written.extend(path for path in files if path not in failed)
        # A stream comes last: its reader may leave early, and the files have to be there then.
        for path, content in contents.items():
            if path not in streams or not isinstance(content, bytes):
                continue
            streams[path].write(content)
            streams[path].flush()
            self.written.append(path)
        clock.stop()
        self.written.sort(key=self.open_job.outputs.paths.index)
        if failures:
            raise told_together(failures, self.written)

    def _encoders(self) -> Iterator[tuple[str, Callable[[], bytes | Writer]]]:
        """What makes the bytes of each output, or writes them; the model first, as it can make all others."""
        outputs = self.open_job.outputs
        for path in outputs.models:
            yield path, lambda path=path: self._model(path)  # type: ignore[misc]
        for path in outputs.pictures:
            yield path, lambda path=path: self._picture(path)  # type: ignore[misc]
        if outputs.animation:
            yield outputs.animation.path, self._animation
        if outputs.report:
            yield outputs.report, self._report

    def _model(self, path: str) -> bytes | Writer:
        if path in self.open_job.job.streams:
            return encode_model(self.painting)
        return lambda staged: staged.file.writelines(model_pieces(self.painting))

    def _picture(self, path: str) -> bytes | Writer:
        if path not in self.open_job.job.streams:
            return lambda staged: self._paint(path, staged)
        content = io.BytesIO()
        self._paint(path, content)
        return content.getvalue()

    def _paint(self, path: str, file: IO[bytes] | StagedFile) -> None:
        painting, (width, height) = self.painting, self.open_job.size
        is_own = (width, height) == (painting.width, painting.height)
        bands = self.quality.bands() if is_own else self._bands((width, height))
        shape = (height, width, painting.channels)
        job, metadata = self.open_job.job, self.open_job.opened.metadata
        said = metadata if job.keeps_metadata else metadata.resolution
        self.notes.extend(write_bands(file, bands, shape, job._extension(path), said))

    def _bands(self, size: tuple[int, int]) -> Iterator[Array]:
        """The painting at another size, band by band, while it is told how far it is."""
        done = 0
        for band in self.painting.bands(size):
            self.open_job.job.clock.at("painting", done / size[1])
            yield band
            done += len(band)
        self.open_job.job.clock.at("writing")

    def _frames(self, part: str) -> Iterator[Any]:
        """Frames of the run, painted while it is told how many there are."""
        frames = self._taker.frames()
        for number, frame in enumerate(frames):
            self.open_job.job.clock.at(part, number / len(frames))
            yield frame

    def _animation(self) -> bytes:
        from paintnet.animation.canvas import Canvas
        from paintnet.animation.formats import encode_animation
        from paintnet.animation.frames import frame_original

        animation = self.open_job.outputs.animation
        assert animation is not None  # noqa: S101 - asked for only where there is one; told to mypy
        beside = frame_original(self.open_job.pixels[:]) if animation.is_beside else None
        canvas = Canvas(beside, has_caption=animation.has_caption)
        extension = Path(animation.path).suffix.lower()
        frames = (canvas.lay(frame) for frame in self._frames("animation"))
        return encode_animation(frames, extension, fps=animation.fps, note=self.notes.append)

    def _report(self) -> bytes:
        from paintnet.report.facts import now
        from paintnet.report.report import RunRecord, report_html

        job = self.open_job.job
        record = RunRecord(
            source=PurePath(self.open_job.opened.source).name,
            original=self.open_job.pixels[:],
            painting=self.painting,
            curve=self._curve.points,
            frames=self._frames("report"),
            command=job.command,
            seconds=self.seconds,
            class_names=job.class_names,
            quality=self.quality,
            date=now(),
        )
        return report_html(record).encode()
