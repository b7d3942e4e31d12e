"""PDF/UA-1 from a Typst template and plain values, for all apps.

    content = typesetting.pdf(Path("roster.typ"), data, seconds=30)

The template reads its values with `json("data.json")`, so nothing that people typed is ever read as
markup, and imports fonts and colours with `#import "look.typ": *`. Typst runs in a process of its
own (program.py says why) in a folder that holds nothing else. It refuses letters that no font of
fonts/ has: see letters.py.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from partners.typesetting import program

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
MEMORY_MB = 3000  # of address space, at most, for one PDF


class Unshowable(Exception):
    """Typst found a letter that no font has."""


def pdf(template: Path, data: dict, seconds: float) -> bytes:
    """The PDF; raises as `write_pdf` does."""
    with tempfile.TemporaryDirectory(prefix="typesetting-") as folder:
        return write_pdf(template, data, seconds, Path(folder)).read_bytes()


def write_pdf(template: Path, data: dict, seconds: float, folder: Path) -> Path:
    """Make the PDF in this folder, whose files the template may show as pictures; where it is.

    Raises Unshowable when Typst refuses a text, and subprocess.SubprocessError when it cannot run,
    needs more than MEMORY_MB, or takes longer than `seconds`.
    """
    main, made = folder / "main.typ", folder / "made.pdf"
    shutil.copyfile(template, main)
    shutil.copyfile(HERE / "look.typ", folder / "look.typ")
    (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
    command = [sys.executable, "-I", program.__file__, main, FONTS, made, MEMORY_MB]
    done = subprocess.run([*map(str, command)], capture_output=True, timeout=seconds)
    if done.returncode == program.REFUSED:
        raise Unshowable(done.stderr.decode(errors="replace"))
    done.check_returncode()
    return made
