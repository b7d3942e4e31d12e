"""A program of its own: a Typst template and JSON in, PDF/UA-1 out.

    python -I experts/typeset.py roster.typ fonts < data.json > roster.pdf

Typst keeps what it has computed until its process ends (measured after some rosters: 60 MB for 40
experts, 1,300 MB for 1,000), so it must not run inside a web worker. Ends with status 3 and Typst's
reason on standard error when the document cannot be made, such as for a letter that no font has.
"""

import sys
from pathlib import Path

REFUSED = 3


def main(template: Path, fonts: str) -> int:
    import typst  # here, so that who only wants to know REFUSED need not load it

    only_ours = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts]
    )
    try:
        content = typst.compile(
            template,
            root=template.parent,
            format="pdf",
            font_paths=only_ours,
            sys_inputs={"data": sys.stdin.read()},
            pdf_standards=["ua-1"],
        )
    except typst.TypstError as error:
        sys.stderr.write(str(error))
        return REFUSED
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2]))
