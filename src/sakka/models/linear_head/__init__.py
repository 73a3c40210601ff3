"""A linear softmax on features of works: the head, a dense and a sparse solver, and new creators in a fitted head."""
