"""What may be wrong in a catalog: wrong creators, shared photos, accounts of one person, accounts of two makers."""
