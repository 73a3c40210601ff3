"""Models of the objects that a detector finds on the photo."""
