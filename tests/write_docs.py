"""Write the generated pages of the docs and the answers in their examples anew: `make reference`."""

import os
import re
import tempfile
from pathlib import Path

from tests.documents import DOCS, FENCE, as_printed, examples
from tests.reference_pages import GENERATED
from tests.shop import answer_in, copy_of, open_shop


def main() -> None:
    """Write all of them."""
    for page, make in GENERATED.items():
        page.write_text(make(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        os.environ["SAKKA_CACHE"] = f"{name}/cache"
        shop, made = Path(name, "shop"), open_shop(Path(name, "shop"))
        for number, page in enumerate(sorted(DOCS.rglob("*.md"))):
            own = copy_of(shop, Path(name, str(number)))

            def printed(found: re.Match[str], own: Path = own) -> str:
                if found[1] != "console":
                    return found[0]
                shown = [as_printed(each, answer_in(own, each.line, made)) for each in examples(found[2])]
                return "```console\n" + "".join(each.text() for each in shown) + "```"

            page.write_text(FENCE.sub(printed, page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
