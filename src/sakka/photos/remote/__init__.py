"""Photos at addresses (https://, http://, s3://, gs://), fetched once, within limits, from hosts that were named.

Networks and models read files only; whoever builds a catalog fetches first. The server imports nothing of this.
"""
