"""The models that are taken where none is named; this module imports nothing, so that the command line starts fast."""

DEFAULT_PHOTO_MODEL = "photo-lite0+lite2"
FAST_PHOTO_MODEL = "photo-lite0"  # 2.3 times as fast a photo
DEFAULT_TEXT_MODEL = "text-linear"
MANY_CREATORS = 2000
"""Above it `FusedModel` decides among candidates: one head of 5,000 creators took 339 s to fit, and grows with them."""
