"""`sakka audit`: what may be wrong in a catalog."""

import time
from pathlib import Path
from typing import Annotated

import typer

from sakka.audit.findings import DEFAULT_FDR
from sakka.cli import app
from sakka.cli.language import language
from sakka.cli.printable import say
from sakka.cli.source_options import CatalogFolder
from sakka.errors import SakkaError
from sakka.files import as_written

MOST_SHOWN = 5


@app.command("audit")
def audit(
    catalog: CatalogFolder,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the report.", metavar="DIR")],
    seed: Annotated[int, typer.Option(help="The seed of the folds and of the models.", min=0)] = 0,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", help="A photo or text model to evaluate works with.", metavar="NAME"),
    ] = None,
    fdr: Annotated[
        float,
        typer.Option(
            help="The share of the works reported under a wrong creator that may be right there.", metavar="SHARE"
        ),
    ] = DEFAULT_FDR,
) -> None:
    """Find works under the wrong creator, shared photos, second accounts, and accounts whose maker changes at a date.

    A finding's score, from 0 to 1, says how strong it is beside others of its kind; the strongest stand first.

    Example: sakka audit catalog -o audit
    """
    from sakka.audit.findings import KINDS
    from sakka.audit.predictions import DEFAULT_MODELS
    from sakka.audit.run import audit_catalog
    from sakka.catalog.works import Catalog
    from sakka.cli.output import check_output, writing_to
    from sakka.cli.terminal import duration, output_console, show_table, showing_progress
    from sakka.pages.audit import cost_of_looking, key_of, write_audit
    from sakka.pages.evidence_sentences import evidence_sentence
    from sakka.pages.language import texts_in
    from sakka.remote.writing import working_in

    started_s = time.monotonic()
    check_output(output, at_addresses=True)
    works = Catalog.read(catalog)
    with showing_progress(), working_in(output, SakkaError) as folder:
        found = audit_catalog(works, seed=seed, models=tuple(model or DEFAULT_MODELS), fdr=fdr)
        with writing_to(output, at_addresses=True):
            page = f"{as_written(output)}/{write_audit(found, works, folder, language=language()).relative_to(folder)}"
    texts = texts_in(language())
    for kind in KINDS:
        findings = found.of_kind(kind)
        rows = [
            [
                f"{each.score:.2f}",
                " / ".join(each.creators),
                works.ids[each.rows[0]],
                evidence_sentence(each.evidence[0], texts),
            ]
            for each in findings[:MOST_SHOWN]
        ]
        title = f"{texts(f'audit_{key_of(kind)}')}: {len(findings):,}"
        if rows:
            show_table(["score", "creators", "work", "because"], rows, title=title, left=4)
        else:
            output_console().print(title)
        if len(findings) > MOST_SHOWN:
            say(f"{len(findings) - MOST_SHOWN:,} more in {page}")
        if cost := cost_of_looking(kind, [each.error_rate for each in findings], texts):
            output_console().print(cost)
        output_console().print()
    say(f"{duration(time.monotonic() - started_s)}; open the report: {page}")
