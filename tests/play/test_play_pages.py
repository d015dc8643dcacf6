"""What a page does: it learns, stands still, goes back, changes, answers, and takes along."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from play_helpers import QUICK, Visitor

from paintnet.painter.painter import Painter
from paintnet.painting import Painting
from paintnet.picture import open_picture


def frames(visitor: Visitor) -> list[dict[str, Any]]:
    return [header for header, _ in visitor.heard if header["kind"] == "frame"]


def same_weights(one: Painting, other: Painting) -> bool:
    pairs = zip(one.patches[0].network.arrays, other.patches[0].network.arrays, strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_it_is_seen_before_it_learns_while_it_learns_and_at_the_end(visitor: Visitor) -> None:
    visitor.begin("sample:bird")
    first, body = visitor.kind("frame")
    assert first["epoch"] == 0
    assert len(body) == 4 * first["width"] * first["height"]
    state = visitor.learn()
    assert state["epoch"] == state["epochs"] == 8
    whole, body = visitor.wait(lambda h: h["kind"] == "frame" and h["width"] == 512)
    assert whole["epoch"] == 8
    seen = np.frombuffer(body, np.uint8).reshape(whole["height"], whole["width"], 4)
    painted = Painting.from_bytes(visitor.take("model")).render((512, 512))
    assert np.abs(seen[..., :3] - np.rint(painted * 255)).max() <= 1
    points = [item for header, _ in visitor.heard if header["kind"] == "points" for item in header["items"]]
    assert [point[0] for point in points] == list(range(1, 9))


def test_it_goes_back_to_the_same_first_weights_and_learns_the_same_again(visitor: Visitor) -> None:
    visitor.begin("sample:bird")
    visitor.ask("step")
    assert visitor.phase("paused")["epoch"] == 1
    one = Painting.from_bytes(visitor.take("model"))
    visitor.learn()
    end = visitor.take("model")
    visitor.ask("rewind", epoch=0)
    assert visitor.phase("ready")["epoch"] == 0
    visitor.ask("step")
    visitor.phase("paused")
    assert same_weights(Painting.from_bytes(visitor.take("model")), one)
    visitor.learn()
    assert visitor.take("model") == end
    visitor.ask("rewind", epoch=2)
    assert visitor.phase("paused")["epoch"] == 2


def test_started_again_after_its_end_it_learns_from_the_start(visitor: Visitor) -> None:
    visitor.begin("sample:bird")
    visitor.learn()
    end = visitor.take("model")
    heard = len(visitor.heard)
    assert visitor.learn()["epoch"] == 8
    points = next(header for header, _ in visitor.heard[heard:] if header["kind"] == "points")
    assert points["items"][0][0] == 1
    assert visitor.take("model") == end


def test_a_rate_changes_at_once_and_a_network_begins_anew(visitor: Visitor) -> None:
    visitor.begin("sample:bird")
    visitor.ask("step")
    visitor.phase("paused")
    visitor.ask("configure", preset="draft", engine="numpy", epochs=8, max_side=128, learning_rate=0.001)
    visitor.ask("step")
    assert visitor.phase("paused")["changed"] == ["learning_rate"]
    assert Painting.from_bytes(visitor.take("model")).training.settings["learning_rate"] == 0.001
    visitor.ask("configure", preset="draft", engine="numpy", epochs=8, max_side=128, layers="4,8")
    assert visitor.kind("anew")[0]["why"] == "layers, learning_rate"
    assert visitor.phase("ready")["epoch"] == 0


def test_every_hidden_neuron_is_shown_with_the_weights_between(visitor: Visitor) -> None:
    visitor.begin("sample:bird", encoding="raw", layers="3,40", engine="stock")
    header, body = visitor.kind("network")
    counts = [(layer["units"], layer["count"]) for layer in header["layers"]]
    assert counts == [(2, 2), (3, 3), (40, 16), (3, 3)]
    cells = header["width"] * header["height"]
    assert len(body) == cells * 24 + 2 * 3 + 3 * 16 + 16 * 3
    across = np.frombuffer(body[:cells], np.int8).reshape(header["height"], header["width"])
    assert (np.diff(across.astype(int), axis=1) == 0).all() != (
        np.diff(across.astype(int), axis=0) == 0
    ).all()
    visitor.ask("look", firsts=[0, 0, 30], width=64, unit=[1, 2])
    moved = visitor.wait(lambda h: h["kind"] == "network" and h["layers"][2]["first"] == 24)[0]
    assert moved["layers"][2]["count"] == 16
    unit, body = visitor.kind("unit")
    assert (unit["layer"], unit["unit"], len(body)) == (1, 2, 4 * unit["width"] * unit["height"])


def test_a_pixel_tells_its_color_its_target_and_its_way(visitor: Visitor) -> None:
    visitor.begin("sample:bird", mode="classify", threshold=600)
    visitor.learn()
    painting = Painting.from_bytes(visitor.take("model"))
    found = visitor.ask("probe", x=50, y=50)
    assert [round(share, 3) for _, _, share in found["classes"]] == sorted(
        painting.predict_proba([[50, 50]])[0].round(3).tolist(), reverse=True
    )
    bird = open_picture("sample:bird").pixels[50, 50]
    assert found["target"] == "#" + bytes(np.rint(bird * 255).astype(int).tolist()).hex()
    assert [len(layer) for layer in found["answers"]] == [*painting.patches[0].network.layers, 1]
    line = visitor.ask("line", x0=0, y0=50, x1=99, y1=50)
    assert len(bytes.fromhex(line["painting"])) == len(bytes.fromhex(line["picture"])) == 4 * line["count"]


def test_the_threshold_has_a_preview_before_anything_is_learned(visitor: Visitor) -> None:
    visitor.begin("sample:bird")
    visitor.ask("classes", mode="classify", threshold=600)
    low = visitor.kind("classes")[0]["shares"]
    visitor.ask("classes", mode="classify", threshold=765)
    assert visitor.kind("classes")[0]["shares"] == [0, 1]
    assert 0 < low[1] < 0.9


def test_error_and_held_out_pixels_are_views(visitor: Visitor) -> None:
    visitor.begin("sample:bird", hold_out=0.3)
    visitor.ask("look", view="held-out", width=100)
    header, body = visitor.wait(lambda h: h.get("view") == "held-out" and h["width"] == 100)
    state = visitor.learn()
    assert state["held_out"] is not None
    visitor.ask("look", view="error", width=100)
    error, dark = visitor.wait(lambda h: h.get("view") == "error" and h["width"] == 100)
    assert header["width"] == error["width"]
    assert body != dark
    assert np.frombuffer(dark, np.uint8).reshape(-1, 4)[:, :3].mean() < 128


def test_files_are_taken_and_saved_but_never_over_another(visitor: Visitor, folder_of: Path) -> None:
    visitor.begin("sample:bird")
    assert "nothing has been learned yet" in visitor.post("save/model").json()["error"]
    visitor.learn()
    assert visitor.take("picture")[:4] == b"\x89PNG"
    assert visitor.take("animation")[8:12] == b"WEBP"
    report = visitor.take("report").decode()
    assert "sample:bird" in report
    assert "paintnet fit sample:bird" in report
    before = set(folder_of.iterdir())
    (folder_of / "bird.paintnet").write_bytes(b"mine")
    assert visitor.ask("save/model")["name"] == "bird-2.paintnet"
    assert (folder_of / "bird.paintnet").read_bytes() == b"mine"
    assert (folder_of / "bird-2.paintnet").read_bytes() == visitor.take("model")
    assert {path.name for path in set(folder_of.iterdir()) - before} == {"bird.paintnet", "bird-2.paintnet"}


def test_a_saved_painting_is_looked_through(visitor: Visitor) -> None:
    picture = open_picture("sample:bird").pixels
    painting = Painter("draft", engine="numpy", epochs=3).fit(picture)
    assert visitor.upload(painting.to_bytes(), "bird.paintnet").json() == {"is_model": True}
    assert visitor.phase("model")["psnr"] == painting.training.psnr
    visitor.ask("look", width=64)
    visitor.kind("network")
    assert visitor.ask("probe", x=1, y=2)["color"].startswith("#")
    assert visitor.take("model") == painting.to_bytes()
    assert visitor.post("start").status_code == 404
    assert "damaged" in visitor.upload(painting.to_bytes()[:-50], "bird.paintnet").json()["error"]


def test_a_page_whose_connection_broke_is_told_again_what_it_has_to_know(visitor: Visitor) -> None:
    visitor.begin("sample:flower", seed=5)
    visitor.listen_again()
    assert visitor.phase("ready")["epoch"] == 0
    told = {header["kind"]: header for header, _ in visitor.heard}
    assert told["picture"]["source"] == "sample:flower"
    assert told["settings"]["values"]["seed"] == 5
    assert visitor.learn()["epoch"] == QUICK["epochs"]


def test_settings_that_cannot_begin_are_told_and_others_are_painted_after_them(visitor: Visitor) -> None:
    visitor.begin("sample:bird")
    visitor.ask("configure", **QUICK, encoding="raw")  # by blocks it learns grids alone
    assert "training by blocks needs the grid encoding" in visitor.phase("failed")["error"]
    assert "there is none yet" in visitor.post("probe", x=1, y=1).json()["error"]
    visitor.ask("configure", **QUICK, layers="4,8")
    visitor.phase("ready")
    visitor.ask("look", width=33)
    visitor.wait(lambda header: header["kind"] == "frame" and header["width"] == 33)


def test_lbfgs_learns_at_once_and_goes_back_to_the_start(visitor: Visitor) -> None:
    visitor.ask("configure", solver="lbfgs", encoding="raw", layers="6", iterations=15, max_side=128)
    visitor.ask("open", source="sample:bird")
    visitor.phase("ready")
    visitor.learn()
    first = Painting.from_bytes(visitor.take("model"))
    visitor.ask("rewind", epoch=0)
    visitor.phase("ready")
    visitor.learn()
    assert same_weights(Painting.from_bytes(visitor.take("model")), first)


def test_lessons_have_three_sentences_and_settings_that_can_be_used() -> None:
    from paintnet.play.controls import Wish

    page = Path(__import__("paintnet.play").play.__file__).parent / "page"
    for lesson in json.loads((page / "lessons.json").read_text("utf-8")):
        assert (len(lesson["en"]), len(lesson["ja"])) == (3, 3)
        for run in lesson["runs"]:
            numbers = {
                name: float(value)
                if "." in value
                else int(value)
                if value.isdecimal() and name != "layers"
                else value
                for name, value in run.items()
            }
            Wish.of(numbers).settings_for((100, 100, 3))
