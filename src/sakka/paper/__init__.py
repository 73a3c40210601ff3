"""The paper that sakka starts from: its plan, its own models, its tables."""
