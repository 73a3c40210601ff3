"""`sakka demo`: the main job from end to end on the simulated market, in a few minutes."""

import json
import shlex
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sakka.cli import app
from sakka.cli.experiment import evaluate, report_page, show_headline
from sakka.cli.fit import describe_fusion
from sakka.cli.printable import say
from sakka.cli.terminal import show_candidates
from sakka.models.default_models import DEFAULT_TEXT_MODEL, FAST_PHOTO_MODEL

if TYPE_CHECKING:
    from sakka.catalog.works import Catalog, Work
    from sakka.models.fused import FusedModel

WORKS_A_CREATOR = 45  # on average; the market's numbers are heavy-tailed
CATEGORY = "コサージュ・ブローチ"  # the paper's rules, section 3.1
MODELS = (FAST_PHOTO_MODEL, DEFAULT_TEXT_MODEL, "dummy")  # the fast ones: a demo is to be quick
FROM_DATE, UNTIL_DATE = "2012-04-03 11:03", "2019-09-01 23:31"


@app.command("demo")
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for everything.", metavar="DIR")] = Path(
        "demo"
    ),
    creators: Annotated[int, typer.Option(help="How many creators sell on the market.", min=2, metavar="N")] = 24,
    preset: Annotated[str, typer.Option(help="quick (5 x 1 folds) or best (5 x 5).", metavar="NAME")] = "quick",
    seed: Annotated[int, typer.Option(help="The seed of the market, the folds and the models.", min=0)] = 0,
) -> None:
    """Draw a market, evaluate models on it, write the report, fit a model and identify a work.

    Example: sakka demo --output demo
    """
    from sakka.cli.output import check_output
    from sakka.cli.terminal import duration, showing_progress
    from sakka.models.folder import save_model
    from sakka.paper.plan import PaperOptions

    started_s = time.monotonic()
    check_output(output)
    with showing_progress():
        say(f"1. A market of {creators} creators is drawn; works are kept by the paper's rules.")
        works = make_market(output / "catalog", creators=creators, seed=seed)
        say(f"   {len(works):,} works by {len(works.creators):,} creators: {output / 'catalog'}\n")
        catalog, run = (shlex.quote(str(output / name)) for name in ("catalog", "run"))
        named = " ".join(f"--model {model}" for model in MODELS)
        say(f"2. sakka experiment {catalog} -o {run} --preset {preset} --seed {seed} {named}")
        layout = evaluate(works, output / "run", preset=preset, seed=seed, options=PaperOptions(models=MODELS))
        show_headline(json.loads(layout.results.read_text(encoding="utf-8")))
        say("\n3. A model is fitted on all works but one.")
        model, unseen = fit_on_all_but_one(works, seed=seed)
        save_model(model, output / "model")
        say(f"{describe_fusion(model)}\n")
    _identify(model, works, unseen, output / "model")
    say(f"\n{duration(time.monotonic() - started_s)}; open the report: {layout.folder / report_page()}")


def make_market(folder: Path, *, creators: int, seed: int) -> "Catalog":
    """Draw a simulated market and keep works by the paper's rules, with the fewest works that can be divided."""
    from sakka.catalog.build import build_catalog
    from sakka.catalog.splits import MIN_WORKS
    from sakka.catalog.works import Catalog
    from sakka.market import MarketSettings

    market = MarketSettings(creators=creators, works=WORKS_A_CREATOR * creators, seed=seed)
    build_catalog(
        "market",
        folder=folder,
        market=market,
        from_date=FROM_DATE,
        until_date=UNTIL_DATE,
        categories=(CATEGORY,),
        one_account=True,
        min_works=MIN_WORKS,
    )
    return Catalog.read(folder)  # as the other commands see it


def fit_on_all_but_one(works: "Catalog", *, seed: int) -> tuple["FusedModel", "Work"]:
    """Fit a fused model on all works but the latest with both a photo and a text; returns the model and that work."""
    import numpy as np

    from sakka.models.fused import FusedModel

    whole = np.flatnonzero(works.has_photo & works.has_text)
    dates = [date or datetime.min for date in works.table["created_at"].to_list()]
    row = int(max(whole, key=lambda place: (dates[place], works.ids[place])))
    model = FusedModel(FAST_PHOTO_MODEL, seed=seed).fit(
        works.take(np.delete(np.arange(len(works)), row)), works.creators
    )
    return model, next(iter(works.take([row])))


def _identify(model: "FusedModel", works: "Catalog", unseen: "Work", folder: Path) -> None:
    from sakka.catalog.works import Catalog

    photo = (works.photo_root or Path()) / unseen.photos[0]
    say("4. " + shlex.join(["sakka", "identify", str(folder), "--photo", _short(photo), "--title", unseen.title]))
    show_candidates(model.identify_one(Catalog.from_works([unseen], works.photo_root)).candidates)
    say(f"It is a work by {unseen.creator}, which the model had not seen.")


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
