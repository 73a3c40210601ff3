"""Where units of work are done: in this process, or by workers of Ray (`engine.py`)."""
