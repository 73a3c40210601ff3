"""Limits of photos: how many a work has; bytes, pixels and scans, above which `decode.py` reduces or refuses one."""

PHOTOS_PER_WORK = 5  # that a catalog keeps, unless it is built with another number
MOST_BYTES = 64 << 20
MOST_PIXELS_WHOLE = 50_000_000  # about 200 MB as RGBA
MOST_PIXELS_PNG = 800_000_000  # read in bands; Open Clip Art has two of 623 million
MOST_PIXELS_JPEG = 400_000_000
MOST_PIXELS_PROGRESSIVE = 100_000_000  # the decoder keeps every coefficient: up to 6 bytes a pixel
MOST_JPEG_SCANS = 200  # scans of a few bytes each could keep the decoder busy for hours
MOST_EXIF_BYTES = 1 << 16  # a JPEG segment; the orientation stands at the beginning
MOST_SIDE_PX = 65_535
MOST_SHRINK = 64  # a band of a large PNG has at least so many rows
