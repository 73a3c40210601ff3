"""Limits of photos: how many a work has; bytes, pixels, parts and scans, above which one is reduced or refused."""

PHOTOS_PER_WORK = 5  # that a catalog keeps, unless it is built with another number
MOST_BYTES = 64 << 20
MOST_PIXELS_GIVEN = 25_000_000  # about 100 MB; a photo of more comes at a reduced scale
MOST_PIXELS_WHOLE = 50_000_000  # that a decoder may hold, 4 bytes each, before they are shrunk
MOST_PIXELS_WEBP = 25_000_000  # its decoder holds up to 16 bytes a pixel
MOST_PIXELS_JPEG = 400_000_000
MOST_PNG_ROW_BYTES = 1_000_000_000  # inflated, of a PNG that is read in bands: about 5 s
MOST_COEFFICIENT_BYTES = 352 << 20  # of a JPEG in several scans: its decoder keeps 2 bytes a coefficient
MOST_JPEG_SCANS = 200  # scans of a few bytes each could keep the decoder busy for hours
MOST_SCANNED_PIXELS = 1_000_000_000  # pixels times scans
MOST_PARTS = 100_000  # segments, chunks, blocks; libpng writes a chunk of 8 KiB, a photo of 64 MiB then has 8,192
MOST_TABLE_BYTES = 1 << 18  # of a JPEG before its first scan, without what is said about it
MOST_RLE_BYTES = 1 << 21  # of a run-length encoded BMP, which Pillow decodes in Python
MOST_PIXELS_RLE = 4_000_000
MOST_EXIF_ENTRIES = 1_000  # the orientation is one of the first
MOST_SIDE_PX = 65_535
MOST_SHRINK = 64  # a band of a large PNG has at least so many rows
DECODING_BYTES = 512 << 20  # that all photos being decoded at one time may take together
DECODERS = 4  # processes that decode photos of others; each is started when it is needed
DECODER_SECONDS = 10  # of processor time that a photo may take in one of them
DECODER_BYTES = 640 << 20  # of memory that one of them may take beyond what it starts with
