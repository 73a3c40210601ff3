"""`sakka fit`, `sakka identify`, `sakka weights`: a fitted model at work."""
