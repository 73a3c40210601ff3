"""`sakka text-candidates`: the four text models of the paper's section 3.4 side by side."""

from pathlib import Path
from typing import Annotated

import typer

from sakka.cli import app
from sakka.cli.printable import say
from sakka.cli.source_options import CatalogFolder


@app.command("text-candidates")
def text_candidates(
    catalog: CatalogFolder,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the tables, .json and .md.", metavar="DIR")
    ],
    epochs: Annotated[int, typer.Option(min=1, help="Passes of fastText; 1,000 in the paper.", metavar="N")] = 1000,
    repeats: Annotated[
        int, typer.Option(min=1, help="Splits to evaluate on; two or more give a standard deviation.", metavar="N")
    ] = 1,
    l2: Annotated[
        float, typer.Option(min=0, help="LightGBM's penalty on leaves; 0 in the paper.", metavar="PENALTY")
    ] = 10.0,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the splits and of the models.")] = 0,
    word2vec: Annotated[
        bool, typer.Option("--word2vec", help="Take Word2Vec apart: the ways in which it may go wrong, with --l2 0.")
    ] = False,
) -> None:
    """Evaluate Word2Vec, Doc2Vec, TF-IDF (with LightGBM) and fastText on a 3:1:1 split, beside the paper's figures.

    fastText's 1,000 epochs take minutes; fewer are a deviation that the table names.

    Example: sakka text-candidates catalog -o candidates --epochs 100
    """
    from sakka.catalog.works import Catalog
    from sakka.cli.output import check_output, writing_to
    from sakka.cli.terminal import show_table, showing_progress
    from sakka.paper.text_candidates import WORD2VEC, as_rows, candidates, evaluate_candidates, write_candidates

    check_output(output)
    works = Catalog.read(catalog)
    chosen = WORD2VEC if word2vec else candidates(epochs, l2)
    with showing_progress():
        evaluated = evaluate_candidates(works, chosen, seed=seed, repeats=repeats)
    name = "word2vec" if word2vec else "text-candidates"
    with writing_to(output):
        write_candidates(evaluated, output, name)
    head, rows = as_rows(evaluated)
    show_table(head, rows, title=f"Accuracy on a 3:1:1 split of {len(works):,} works")
    say(f"written: {output / name}.json and .md")
