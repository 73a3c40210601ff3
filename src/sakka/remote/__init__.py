"""What is at addresses (https://, http://, s3://, gs://): photos that a table names, and whole folders.

Networks and models read files: what is at an address is fetched before, once, within limits (`fetcher.py`). An address
in a table is fetched only from hosts that were named (`addresses.py`); a server fetches nothing that a request names.
A catalog, a model, a run or an audit at an address that the caller wrote out is read as a local copy of what stands
there at one moment (`copies.py`), and written by sending the finished files of a local one (`writing.py`).
"""
