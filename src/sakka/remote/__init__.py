"""Folders at addresses: catalogs, models, runs and audits in a bucket, or to be read from a web server.

Everything else reads and writes folders of this machine. A folder at an address is read as a local copy of what stands
there at one moment, and written by sending the finished files of a local one. The address is one that the caller wrote
out; what a table or a request names goes through `photos/remote` and its list of hosts.
"""
