"""What lies beside docs/ belongs to the site: the pages and pictures of results/, the notebooks.

On a forge `../results/ml-100k.md` is the way from a page to a result; inside the site the folders
lie one in the other, and the way is `results/ml-100k.md`.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"results": {".md", ".svg"}, "notebooks": {".ipynb"}, "dataset": {".md"}}
FILES = ["CONTRIBUTING.md", "SECURITY.md"]
_UP = re.compile(rf"\]\((?:\.\./)+(?=(?:{'|'.join([*FOLDERS, 'docs'])})/|{'|'.join(FILES)})")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files beside docs/ under their own paths."""
    for folder, kinds in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in kinds:
                place = path.relative_to(ROOT).as_posix()
                files.append(File.generated(config, place, abs_src_path=str(path)))
    for place in FILES:
        files.append(File.generated(config, place, abs_src_path=str(ROOT / place)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the ways out of docs/ into ways within the site."""
    up = "](" + "../" * page.file.src_uri.count("/")
    turned = _UP.sub(up, markdown).replace(f"{up}docs/", up)
    # A forge takes any word behind a block's language, the site a title.
    return re.sub(r"^```(\w+) (\w+)$", r'```\1 title="\2"', turned, flags=re.MULTILINE)
