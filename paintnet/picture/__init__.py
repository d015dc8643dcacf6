"""The door for pixels: open a picture from anywhere, write one safely."""

from paintnet.picture.alpha import premultiply, unpremultiply
from paintnet.picture.formats import OUTPUT_FORMATS, OutputFormat, check_size, encode_picture, write_bands
from paintnet.picture.opening import OpenedPicture, OpenLimits, open_picture
from paintnet.picture.resizing import output_size, shrink

__all__ = [
    "OUTPUT_FORMATS",
    "OpenLimits",
    "OpenedPicture",
    "OutputFormat",
    "check_size",
    "encode_picture",
    "open_picture",
    "output_size",
    "premultiply",
    "shrink",
    "unpremultiply",
    "write_bands",
]
