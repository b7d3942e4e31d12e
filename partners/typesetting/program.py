"""A program of its own: a Typst template with what it needs in its folder in, PDF/UA-1 out.

    python -I partners/typesetting/program.py main.typ fonts made.pdf 3000

Typst keeps what it has computed until its process ends (measured after some rosters: 60 MB for 40
experts, 1,300 MB for 1,000), so it must not run inside a worker. The last argument is the address
space in MB that it may take. Ends with status 3 and Typst's reason on standard error when the
document cannot be made, such as for a letter that no font has.
"""

import resource
import sys
from pathlib import Path

REFUSED = 3


def main(template: Path, fonts: str, made: str, megabytes: int) -> int:
    import typst  # here, so that who only wants to know REFUSED need not load it

    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    only_ours = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts]
    )
    try:
        typst.compile(
            template,
            output=made,
            root=template.parent,
            format="pdf",
            font_paths=only_ours,
            pdf_standards=["ua-1"],
        )
    except typst.TypstError as error:
        sys.stderr.write(str(error))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3], int(sys.argv[4])))
