"""Object labels: what a detector trained on COCO finds in photos."""
