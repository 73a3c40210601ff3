"""Photos at addresses (https://, http://, s3://, gs://), fetched once, within limits, from hosts that were named.

Networks and models read files: what is at an address is fetched before. A server fetches nothing that a request names.
"""
