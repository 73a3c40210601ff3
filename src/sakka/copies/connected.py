"""What pairs connect: the connected components of a graph of works, or of photos."""

import numpy as np

from sakka.arrays import IntArray


def connected(pairs: IntArray, n_works: int) -> IntArray:
    """The number of the group that each work is in when pairs are joined, shape (n_works,).

    >>> connected(np.array([[0, 2], [2, 3]]), 5).tolist()
    [0, 1, 0, 0, 2]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(n_works, n_works))
    _, labels = connected_components(graph, directed=False)
    groups: IntArray = labels.astype(np.int64)
    return groups
