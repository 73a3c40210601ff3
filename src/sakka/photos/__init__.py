"""Photos: decoded within limits, hashed, read ahead and cached."""
