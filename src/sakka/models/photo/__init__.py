"""Models of the photo: backbones, features, heads."""
