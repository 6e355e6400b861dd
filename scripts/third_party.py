"""What the licences of linked crates want to be given on: each text once, under those that bring it.

    third_party.py METADATA LINKED > THIRD-PARTY

METADATA is what `cargo metadata` says; LINKED has a crate and its version a line.
"""

import json
import sys
from pathlib import Path

NAMES = ("licen", "copying", "copyright", "notice", "unlicense")

metadata, linked = sys.argv[1:]
wanted = {tuple(line.split()) for line in Path(linked).read_text().splitlines()}
texts: dict[str, list[str]] = {}
for package in json.loads(Path(metadata).read_text())["packages"]:
    if package["source"] is None or (package["name"], "v" + package["version"]) not in wanted:
        continue
    crate = f"{package['name']} {package['version']} ({package['license']})"
    folder = Path(package["manifest_path"]).parent
    files = sorted(it for it in folder.iterdir() if it.name.lower().startswith(NAMES) and it.is_file())
    # Who brings no text says by whom it is, and where the text can be had.
    unsaid = f"By {', '.join(package['authors']) or 'its contributors'}: {package['repository']}"
    for text in [file.read_text(errors="replace").strip() for file in files] or [unsaid]:
        texts.setdefault(text, []).append(crate)
for crates, text in sorted((sorted(set(crates)), text) for text, crates in texts.items()):
    print("=" * 80, *crates, "-" * 80, text, "", sep="\n")
