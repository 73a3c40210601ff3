"""`python -m tests.golden`: writes the golden records anew."""

from tests.golden.records import write_records

write_records()
