"""Files outside docs/ that pages link to stand in the site too, under their own path.

Measured tables live below benchmarks/results/ and studies/results/. A link to one of them, to CONTRIBUTING.md or to
CHANGELOG.md is turned to its copy in the site; links from such a file into docs/ lose that folder.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
BESIDE = ("CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/results/*.*", "studies/results/**/*.*")
LINK = re.compile(r"(\]\()([^)\s#:]+)")


def on_files(files: Files, config: Any) -> Files:
    """Add the files that stand beside docs/."""
    for path in sorted(path for pattern in BESIDE for path in ROOT.glob(pattern)):
        files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn links between docs/ and the files beside it."""
    beside = page.file.generated_by is not None
    here = posixpath.dirname(page.file.src_uri if beside else f"docs/{page.file.src_uri}")

    def turned(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(here, link[2]))
        in_site = target.removeprefix("docs/")
        if (beside or in_site == target) and in_site in files.src_uris:
            return link[1] + posixpath.relpath(in_site, posixpath.dirname(page.file.src_uri) or ".")
        return link[0]

    return LINK.sub(turned, markdown)
