"""What may be wrong in a catalog: works under the wrong creator, shared photos, accounts of one person."""
