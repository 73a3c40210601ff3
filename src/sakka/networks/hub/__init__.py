"""Networks of a hub, by repository and commit: fetched once, checked by SHA-256, read by transformers."""
