"""A training record for tests that need one, whatever it says."""

from typing import Any

from paintnet.record import TrainingRecord


def a_record(**fields: Any) -> TrainingRecord:
    """A whole record, with some fields of one's own."""
    usual = {
        "preset": "draft",
        "settings": {"layers": [8]},
        "seed": 0,
        "epochs": 3,
        "ended_by": "epochs",
        "psnr": 31.25,
        "versions": {"numpy": "2"},
    }
    return TrainingRecord(**(usual | fields))
