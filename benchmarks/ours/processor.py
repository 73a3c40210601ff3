"""Physical limits of the machine: matrix products and memory bandwidth, with PyTorch."""

import time
from typing import Any

import torch


class MatrixProduct:
    """Products of (rows, inner) by (inner, columns); a unit is one product.

    Args:
        rows: Rows of the left matrix.
        inner: Columns of the left matrix.
        columns: Columns of the right matrix.
        times: Products a run.
        precision: A PyTorch dtype's name.
        device: Where.
    """

    def __init__(
        self, rows: int, inner: int, columns: int, times: int, precision: str = "float32", device: str = "cpu"
    ) -> None:
        kind = getattr(torch, precision)
        self.left = torch.randn(rows, inner, device=device).to(kind)
        self.right = torch.randn(inner, columns, device=device).to(kind)
        self.times = times
        self.operations = 2.0 * rows * inner * columns
        self.notes = f"({rows} x {inner}) by ({inner} x {columns}), {precision}, {device}"

    def run(self) -> dict[str, Any]:
        """Multiply `times` times."""
        start = time.perf_counter()
        for _ in range(self.times):
            product = self.left @ self.right
        float(product[0, 0])  # waits for the device
        seconds = time.perf_counter() - start
        rate = self.operations * self.times / seconds / 1e9
        return {"units": self.times, "seconds": seconds, "gigaflops": rate}


class ReadMemory:
    """Reading vectors from memory once: no exact search over them can be faster.

    Args:
        vectors: How many.
        values: Values of each, float32.
    """

    def __init__(self, vectors: int, values: int) -> None:
        self.vectors = torch.ones(vectors, values)
        self.notes = f"{vectors} vectors of {values} float32, {self.vectors.nbytes / 2**20:.0f} MiB, summed"

    def run(self) -> dict[str, Any]:
        """Sum all values; a unit is one GiB read."""
        self.vectors.sum()
        return {"units": self.vectors.nbytes / 2**30}


class ExactSearch:
    """Exact search by a matrix product with the query, without an index.

    Args:
        vectors: How many are searched.
        values: Values of each, float32.
    """

    def __init__(self, vectors: int, values: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.vectors = torch.nn.functional.normalize(torch.randn(vectors, values, generator=generator))
        self.query = self.vectors[0].clone()
        self.notes = f"{vectors} vectors of {values} float32, the 10 nearest by cosine"

    def run(self) -> dict[str, Any]:
        """Find the 10 nearest to one query; a unit is one GiB of vectors searched."""
        (self.vectors @ self.query).topk(10)
        return {"units": self.vectors.nbytes / 2**30}
