"""Models of title and description."""
