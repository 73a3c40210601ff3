"""Photos at addresses (https://, http://, s3://, gs://), fetched once, within limits, from hosts that were named.

Networks and models read files; only building a catalog fetches, before its photos are read. The server never does.
"""
