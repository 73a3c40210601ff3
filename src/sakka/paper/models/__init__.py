"""The models of the paper that the rest of sakka does not use."""
