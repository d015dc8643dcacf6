"""The door for pixels: open a picture from anywhere, write one safely."""

from paintnet.picture.alpha import premultiply, unpremultiply
from paintnet.picture.formats import OUTPUT_FORMATS, OutputFormat, encode_picture
from paintnet.picture.names import shown
from paintnet.picture.opening import OpenedPicture, OpenLimits, open_picture
from paintnet.picture.resizing import shrink
from paintnet.picture.writing import check_output, write_bytes

__all__ = [
    "OUTPUT_FORMATS",
    "OpenLimits",
    "OpenedPicture",
    "OutputFormat",
    "check_output",
    "encode_picture",
    "open_picture",
    "premultiply",
    "shown",
    "shrink",
    "unpremultiply",
    "write_bytes",
]
