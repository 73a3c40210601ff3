"""The page for people and the API for programs: identify, find, describe and explain behind one server."""
