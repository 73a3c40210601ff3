"""What others would use: each module runs in a pinned environment of its own and knows nothing of sakka."""
