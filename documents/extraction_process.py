"""A program of its own: a file of the library in, the sections of its text out.

    python -I -B documents/extraction_process.py pdf paper.pdf

Files come from strangers, and what reads them is written in C: here it may take 768 MB and a minute
of one processor, writes no file, and takes nothing along when it dies. Kinds: pdf, docx, odt, txt.

Each line of standard output is JSON. A section is {label, heading, level, page, labels, paragraphs,
pages}; the last line is {end: true, pages, is_cut, note}, or {problem: …} when there is no text to
be had: damaged, encrypted, empty, too_large, unknown. The same file always gives the same lines.

How labels are made (`Labels`): a section keeps the number that is printed before its heading ("2",
"2.1", "Annex-I"); without one it is counted, or, in a text whose other headings have numbers, named
after the section before it ("2a"). What stands before the first heading is section 0. A paragraph
keeps its printed number where that is free ("14", "2.3"), and what follows it without a number is
14a, 14b; all others are counted within their section: 2.1, 2.2, or 2-1, 2-2 where numbers like 2.1
are taken by subsections or by printed numbers. So every label is there once.
"""

import json
import math
import re
import resource
import statistics
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise

MEMORY = 768 << 20  # bytes of address space
SECONDS = 60  # of a processor
MAX_PAGES = 2000
MAX_TEXT = 5_000_000  # bytes in UTF-8, of the whole text
MAX_SECTION = 400_000  # bytes; a tsvector holds 1 MB
MAX_PARAGRAPH = 20_000  # letters
MAX_HEADING = 300  # letters
MAX_OUTLINE = 3000  # bookmarks
MAX_UNPACKED = 150 << 20  # bytes of DOCX and ODT
MAX_PARTS = 5000
MAX_LABEL = 14  # letters of a section's label: its paragraphs' labels hold 20
DEEPEST = 6  # level of headings
REFUSED = 3  # exit status


class Problem(Exception):
    """There is no text to be had: one of the words above."""


@dataclass
class Block:
    """A heading (level 1 and more) or a paragraph (level 0), with the number printed before it."""

    text: str
    level: int = 0
    number: str = ""
    page: int | None = None


@dataclass
class Part:
    """A section under way."""

    label: str
    heading: str
    level: int
    page: int | None
    labels: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Source:
    """What a reader of one format found."""

    blocks: Iterable[Block]
    pages: int | None = None
    notes: list[str] = field(default_factory=list)


def main(kind: str, path: str) -> int:
    _limit()
    try:
        source = READERS[kind](path)
        blocks, note = _within_limits(source.blocks)
        if not blocks:
            raise Problem("empty")
        notes = source.notes + note
        for part in _split(Labels(blocks).parts()):
            _write(
                label=part.label,
                heading=part.heading,
                level=part.level,
                page=part.page,
                labels=part.labels,
                paragraphs=[block.text for block in part.blocks],
                pages=[block.page for block in part.blocks] if source.pages else [],
            )
        _write(end=True, pages=source.pages, is_cut=bool(notes), note=" ".join(notes))
    except Problem as problem:
        _write(problem=str(problem))
        return REFUSED
    except MemoryError:
        _write(problem="too_large")
        return REFUSED
    except Exception as error:  # whatever a library says of a damaged file
        _write(problem="damaged", detail=f"{type(error).__name__}: {error}"[:300])
        return REFUSED
    return 0


def _limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _write(**values):
    sys.stdout.buffer.write(json.dumps(values, ensure_ascii=False).encode("utf-8", "replace"))
    sys.stdout.buffer.write(b"\n")


# What all formats share


def _tidy(text: str) -> str:
    """One line, without control characters, which PostgreSQL and browsers refuse."""
    text = "".join(char if char >= " " and char not in "\x7f\ufffe\uffff" else " " for char in text)
    return " ".join(text.split())


def _within_limits(blocks: Iterable[Block]) -> tuple[list[Block], list[str]]:
    """Tidy blocks until the text is as long as it may be; a note where more came."""
    kept, size = [], 0
    for block in blocks:
        text = _tidy(block.text)
        if not text:
            continue
        if block.level:
            block.text = text[:MAX_HEADING]
            block.level = min(block.level, DEEPEST)
            pieces = [block]
        else:
            pieces = [
                Block(piece, 0, "" if number else block.number, block.page)
                for number, piece in enumerate(_pieces(text))
            ]
        for piece in pieces:
            size += len(piece.text.encode("utf-8", "replace"))
            if size > MAX_TEXT:
                return kept, ["Only the first 5 MB of the text are shown and searched."]
            kept.append(piece)
    return kept, []


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that are short enough for a paragraph, cut at spaces if there are any."""
    while len(text) > MAX_PARAGRAPH:
        at = text.rfind(" ", MAX_PARAGRAPH // 2, MAX_PARAGRAPH)
        at = at if at > 0 else MAX_PARAGRAPH
        yield text[:at].strip()
        text = text[at:].strip()
    yield text


ANNEX = r"(?:annex|appendix|chapter|part|annexe|appendice|chapitre|partie|anexo|apéndice|capítulo)"
#: A number before a heading: "2.", "2.1", "IV.", "B.", "Annex II"
NUMBER = re.compile(
    rf"^(?:({ANNEX}\s+(?:[IVXLC]{{1,6}}|[A-Z]|\d{{1,2}}))\b\s*[.:–—-]?\s*"
    r"|(\d{1,2}(?:\.\d{1,2}){0,4})(?:\.|\))?\s+|([IVXLC]{1,6}|[A-Z])\.\s+)",
    re.IGNORECASE,
)
#: A number before a paragraph: "14.", "2.1", "2.1.", "2.1.3"
PARAGRAPH_NUMBER = re.compile(r"^(\d{1,3}\.|\d{1,2}(?:\.\d{1,3}){1,4}\.?)\s+(?=\S)")
ITEM = re.compile(r"^(?:[•·▪◦●■‣–—-]\s|\(?(?:[a-z]|[ivx]{1,4}|\d{1,2})\)\s)")
LEADER = re.compile(r"(?:\.\s?){4,}\s*[\divxlc]*$|…{2,}\s*\d*$", re.IGNORECASE)


def _number_of(heading: str) -> tuple[str, str]:
    """The number before a heading, and the rest; empty where there is none."""
    found = NUMBER.match(heading)
    if not found:
        return "", heading
    annex, digits, letter = found.groups()
    if letter and (letter != letter.upper()):
        return "", heading
    rest = heading[found.end() :].strip()
    number = "-".join((annex or digits or letter).split())  # it becomes an id of a page
    return (number, rest or heading) if rest or annex else ("", heading)


class Labels:
    """Gives every section and paragraph a label that is there once in the text."""

    def __init__(self, blocks: list[Block]):
        self._blocks = blocks
        self._taken: set[str] = set()
        self._in_run = self._paragraphs_in_a_run()

    def parts(self) -> list[Part]:
        parts = self._sections()
        printed = [self._printed(part) for part in parts]
        dotted = {label.rpartition(".")[0] for label in self._taken if "." in label}
        for part, numbers in zip(parts, printed, strict=True):
            form = "{}-{}" if part.label in dotted else "{}.{}"
            last, letters, counted = "", 0, 0
            for number in numbers:
                if number:
                    last, letters = number, 0
                    part.labels.append(number)
                elif last:
                    label, letters = self._free(lambda n, to=last: to + _letters(n), letters + 1)
                    part.labels.append(label)
                else:
                    label, counted = self._free(
                        lambda n, to=part.label, form=form: form.format(to, n), counted + 1
                    )
                    part.labels.append(label)
        return parts

    def _sections(self) -> list[Part]:
        numbered = any(block.number for block in self._blocks if block.level)
        wanted = {block.number for block in self._blocks if block.level and block.number}
        counters, last = [0] * (DEEPEST + 1), "0"
        upper: list[tuple[int, str]] = []  # level and label of the sections around
        parts = [Part("0", "", 1, self._blocks[0].page)]
        self._taken.add("0")
        for block in self._blocks:
            if not block.level:
                parts[-1].blocks.append(block)
                continue
            while upper and upper[-1][0] >= block.level:
                upper.pop()
            raw, block.level = block.level, len(upper) + 1  # no level is left out on the way down
            number = block.number[:MAX_LABEL].strip()
            if number and not number[0].isdigit() and len(number) == 1 and upper:
                number = f"{upper[-1][1]}.{number}"  # "B" of section II is II.B
            if number and len(number) <= MAX_LABEL and number not in self._taken:
                label = number
                self._taken.add(label)
            elif numbered:
                stem = number if 0 < len(number) <= MAX_LABEL - 3 else last
                stem = stem.rstrip("abcdefghijklmnopqrstuvwxyz") or last
                label, _ = self._free(lambda n, stem=stem: stem + _letters(n), 1, wanted)
            else:
                counters[block.level] += 1
                counters[block.level + 1 :] = [0] * (DEEPEST - block.level)
                label = ".".join(str(n) for n in counters[1 : block.level + 1])
                if len(label) > MAX_LABEL or label in self._taken:
                    label, _ = self._free(lambda n: f"s{n}", len(parts))
                self._taken.add(label)
            upper.append((raw, label))
            last = label
            parts.append(Part(label, block.text, block.level, block.page))
        if not parts[0].blocks:
            parts.pop(0)
        return parts

    def _free(self, label_of, number: int, others=()) -> tuple[str, int]:
        """The first free label from this number on, now taken, and its number."""
        while (label := label_of(number)) in self._taken or label in others:
            number += 1
        self._taken.add(label)
        return label, number

    def _printed(self, part: Part) -> list[str]:
        """The printed numbers that the part's paragraphs keep; empty for those without."""
        kept = []
        for block in part.blocks:
            number = block.number.rstrip(".")
            below = number.startswith(f"{part.label}.")
            keeps = number and (id(block) in self._in_run or ("." in number and below))
            if keeps and number not in self._taken:
                self._taken.add(number)
                kept.append(number)
                block.text = block.text[len(block.number) :].strip() or block.text
            else:
                kept.append("")
        return kept

    def _paragraphs_in_a_run(self) -> set[int]:
        """Paragraphs that are numbered through the whole text, as the United Nations do.

        Lists begin at 1 again and again; such a run goes on over sections.
        """
        run, expected = [], 1
        for block in self._blocks:
            if not block.level and block.number == f"{expected}.":
                run.append(id(block))
                expected += 1
        lists = sum(1 for block in self._blocks if not block.level and block.number == "1.")
        return set(run) if len(run) >= 5 and lists <= 1 + len(run) // 10 else set()


def _letters(number: int) -> str:
    """1 → a, 26 → z, 27 → aa."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _split(parts: list[Part]) -> Iterator[Part]:
    """Sections that are too long in pieces; the paragraphs keep their labels."""
    taken = {part.label for part in parts} | {label for part in parts for label in part.labels}
    for part in parts:
        piece, size, number = Part(part.label, part.heading, part.level, part.page), 0, 1
        for label, block in zip(part.labels, part.blocks, strict=True):
            length = len(block.text.encode("utf-8", "replace"))
            if piece.blocks and size + length > MAX_SECTION:
                yield piece
                number += 1
                while (name := f"{part.label}~{number}") in taken:
                    number += 1
                taken.add(name)
                piece = Part(name, f"{part.heading} ({number})".strip(), part.level, block.page)
                size = 0
            size += length
            piece.labels.append(label)
            piece.blocks.append(block)
        yield piece


# PDF


@dataclass
class Line:
    """A line on a page; lengths in points, `y` from the foot of the page."""

    text: str
    page: int
    start: float
    end: float
    y: float
    size: float
    bold: bool
    edge: str = ""  # head or foot, when it stands at that edge of its page
    hyphen: bool = False
    level: int = 0
    title: str = ""


def read_pdf(path: str) -> Source:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise Problem("encrypted" if "assword" in str(error) else "damaged") from None
    count, notes = len(pdf), []
    lines: list[Line] = []
    letters = 0
    read = min(count, MAX_PAGES)
    for number in range(read):
        found = _lines_of(pdf, number)
        lines += found
        letters += sum(len(line.text) for line in found)
        if letters > MAX_TEXT:
            break
    if count > MAX_PAGES:
        notes.append(f"Only the first {MAX_PAGES} of {count} pages were read.")
    if not any(line.text.strip() for line in lines):
        raise Problem("empty")
    body = _without_repeated(lines, read)
    if not _place_outline(pdf, body):
        _guess_headings(body)
    return Source(_paragraphs(body), count, notes)


def _lines_of(pdf, number: int) -> list[Line]:
    """The lines of a page in the order of its text; none of a page that cannot be read."""
    import ctypes

    import pypdfium2
    from pypdfium2 import raw

    try:
        page = pdf[number]
        text_page = page.get_textpage()
        height = page.get_height()
        text = text_page.get_text_range()
    except pypdfium2.PdfiumError:
        return []
    box, lines, offset = raw.FS_RECTF(), [], 0
    left, baseline, matrix = ctypes.c_double(), ctypes.c_double(), raw.FS_MATRIX()
    for line in re.split(r"(?<=\n)|(?<=[\x02\ufffe])", text):
        first, length = offset, sum(2 if char > "\uffff" else 1 for char in line)
        offset += length
        line = _in_order(line, first, text_page)
        words = line.strip()
        if not words.strip("\x02\ufffe "):
            continue
        start_index = raw.FPDFText_GetCharIndexFromTextIndex(text_page, first)
        spare = len(line) - len(line.rstrip("\r\n \x02\ufffe"))
        end_index = raw.FPDFText_GetCharIndexFromTextIndex(text_page, first + length - spare - 1)
        edges = []
        for index in (start_index, end_index):
            if index >= 0 and raw.FPDFText_GetLooseCharBox(text_page, index, ctypes.byref(box)):
                edges.append((box.left, box.bottom, box.right, box.top))
        if not edges:
            edges = [(0.0, 0.0, 0.0, 0.0)]
        if not raw.FPDFText_GetCharOrigin(text_page, max(start_index, 0), left, baseline):
            baseline.value = edges[0][1]
        y = baseline.value
        size = raw.FPDFText_GetFontSize(text_page, max(start_index, 0))
        if raw.FPDFText_GetMatrix(text_page, max(start_index, 0), ctypes.byref(matrix)):
            size *= math.hypot(matrix.c, matrix.d)
        lines.append(
            Line(
                text=words.strip("\x02\ufffe"),
                page=number + 1,
                start=min(edge[0] for edge in edges),
                end=max(edge[2] for edge in edges),
                y=y,
                size=round(size, 1),
                bold=raw.FPDFText_GetFontWeight(text_page, max(start_index, 0)) >= 600,
                edge="head" if y > height * 0.9 else "foot" if y < height * 0.1 else "",
                hyphen=words[-1] in "\x02\ufffe\u00ad",
            )
        )
    text_page.close()
    page.close()
    for line in lines:
        if _is_right_to_left(line.text):
            line.start, line.end = -line.end, -line.start
    return lines


def _in_order(line: str, first: int, text_page) -> str:
    """Arabic with lam before alef where a font draws both as one: pdfium turns these two round."""
    import ctypes

    from pypdfium2 import raw

    boxes = raw.FS_RECTF(), raw.FS_RECTF()
    for found in re.finditer("[اأإآ]ل", line):
        for place, box in zip((found.start(), found.start() + 1), boxes, strict=True):
            index = raw.FPDFText_GetCharIndexFromTextIndex(text_page, first + place)
            raw.FPDFText_GetLooseCharBox(text_page, max(index, 0), ctypes.byref(box))
        if (boxes[0].left, boxes[0].right) == (boxes[1].left, boxes[1].right):
            line = line[: found.start()] + found[0][::-1] + line[found.end() :]
    return line


def _is_right_to_left(text: str) -> bool:
    right = sum(1 for char in text if "\u0590" <= char <= "\u08ff" or "\ufb1d" <= char <= "\ufefc")
    return right * 2 > sum(char.isalpha() for char in text)


def _without_repeated(lines: list[Line], pages: int) -> list[Line]:
    """Without running heads and feet, page numbers, and a printed table of contents."""
    seen: dict[tuple, set] = {}
    for line in lines:
        if line.edge:
            seen.setdefault(_running(line), set()).add(line.page)
    often = max(2, pages * 0.4)

    def stays(line: Line) -> bool:
        if LEADER.search(line.text):
            return False
        if not line.edge:
            return True
        return len(seen[_running(line)]) < often and not PAGE_NUMBER.match(line.text)

    return [line for line in lines if stays(line)]


PAGE_NUMBER = re.compile(
    r"^\W*(?:page\s+)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:/|of)\s*\d{1,4})?\W*$", re.I
)


def _running(line: Line) -> tuple[str, str]:
    return line.edge, re.sub(r"\d+", "#", line.text)


def _plain(text: str) -> str:
    """For comparing a bookmark with a line: its letters alone."""
    return re.sub(r"[\W_]+", "", text.casefold())


def _place_outline(pdf, lines: list[Line]) -> bool:
    """Mark the lines that bookmarks point at as headings; False where there is no outline."""
    by_page: dict[int, list[int]] = {}
    for index, line in enumerate(lines):
        by_page.setdefault(line.page, []).append(index)
    marks = []
    for mark, _ in zip(pdf.get_toc(max_depth=DEEPEST), range(MAX_OUTLINE), strict=False):
        dest = mark.get_dest()
        page = dest.get_index() if dest else None
        title = _tidy(mark.get_title())
        if title and page is not None:
            marks.append((title, page + 1, mark.level + 1))
    placed = 0
    for title, page, level in marks:
        found = _find_title(title, lines, by_page.get(page, ()))
        if found:
            first, last = found
            lines[first].level = level
            lines[first].title = " ".join(line.text for line in lines[first : last + 1])
            for line in lines[first + 1 : last + 1]:
                line.level, line.title = -1, ""
            placed += 1
    return placed >= 2


def _find_title(title: str, lines: list[Line], indexes) -> tuple[int, int] | None:
    """First and last line of the heading on its page: its words are one to three whole lines."""
    wanted = {_plain(title), _plain(_number_of(title)[1])}
    for first in indexes:
        text = ""
        for last in range(first, min(first + 3, len(lines))):
            if lines[last].level or lines[last].page != lines[first].page:
                break
            text += " " + lines[last].text
            if _plain(text) in wanted or _plain(_number_of(_tidy(text))[1]) in wanted:
                return first, last
    return None


def _guess_headings(lines: list[Line]):
    """Headings of a file without bookmarks: larger lines, and short ones with a number."""
    for line in lines:
        line.level = 0
    usual = _usual_size(lines)
    larger = Counter(line.size for line in lines if line.size >= usual * 1.12)
    ranks = {size: rank for rank, size in enumerate(sorted(larger, reverse=True)[:4], start=1)}
    widest = max((line.end for line in lines), default=0)
    for index, line in enumerate(lines):
        after = lines[index + 1] if index + 1 < len(lines) else None
        is_larger = line.size in ranks and len(line.text) < 150
        number, rest = _number_of(line.text)
        is_short = len(line.text) < 100 and line.end < widest - line.size * 4
        has_number = bool(number) and rest[:1].isupper() and not line.text.endswith((".", ";", ","))
        stands_out = line.bold and not (after and after.bold and after.size == line.size)
        if has_number and is_short and not is_larger and not stands_out:
            # "1. Wear gloves" is of a list unless a text of its own follows
            stands_out = after is not None and len(after.text) > 60 and not _begins(after.text)
        if is_larger and any(char.isalpha() for char in line.text):
            before = lines[index - 1] if index else None
            goes_on = before and before.level and before.size == line.size and not number
            if goes_on and before.page == line.page and len(before.text) > 25:
                line.level = -1
                _heading_before(lines, index).title += f" {line.text}"
                continue
            line.level = number.count(".") + 1 if number else ranks[line.size]
            line.title = line.text
        elif has_number and is_short and stands_out:
            line.level, line.title = number.count(".") + 1, line.text


def _heading_before(lines: list[Line], index: int) -> Line:
    while lines[index].level < 1:
        index -= 1
    return lines[index]


def _begins(text: str) -> bool:
    """With a number or a sign of a list."""
    return bool(PARAGRAPH_NUMBER.match(text) or ITEM.match(text))


def _usual_size(lines: list[Line]) -> float:
    sizes = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0


def _paragraphs(lines: list[Line]) -> Iterator[Block]:
    """Lines joined to paragraphs."""
    steps = [
        round(above.y - below.y, 1)
        for above, below in pairwise(lines)
        if above.page == below.page and 0 < above.y - below.y < above.size * 3
    ]
    step = statistics.mode(steps) if steps else 0
    right = {
        page: max(line.end for line in group)
        for page, group in groupby(lines, key=lambda line: line.page)
    }
    text, before = "", None
    opened: Line | None = None
    for line in lines:
        if line.level:
            if text:
                yield _paragraph(text, opened)
            text, before = "", None
            if line.level > 0:
                number, title = _number_of(_tidy(line.title))
                yield Block(title, line.level, number, line.page)
            continue
        if before is not None and not _ends_before(before, line, step, right):
            text = text + line.text if before.hyphen else _joined(text, line.text)
        else:
            if text:
                yield _paragraph(text, opened)
            text, opened = line.text, line
        before = line
    if text:
        yield _paragraph(text, opened)


def _joined(text: str, more: str) -> str:
    """A hyphen at the end of a line is of the line when small letters stand around it."""
    if re.search(r"[^\W\d_]{2}-$", text) and more[:1].islower():
        return text[:-1] + more
    return f"{text} {more}"


def _paragraph(text: str, opened: Line) -> Block:
    found = PARAGRAPH_NUMBER.match(text)
    return Block(text, 0, found[1] if found else "", opened.page)


def _ends_before(above: Line, below: Line, step: float, right: dict[int, float]) -> bool:
    """Does a new paragraph begin with the line below?"""
    if _begins(below.text) or abs(above.size - below.size) > 0.12 * max(above.size, 1):
        return True
    ended = above.text.endswith((".", ":", ";", "?", "!", "。", "؟"))
    is_short = above.end < right[above.page] - above.size * 6
    if above.page != below.page or below.y > above.y:
        is_full = above.end > right[above.page] - above.size * 2
        return ended and not is_full
    gap = above.y - below.y
    if gap > max(step * 1.3, above.size * 1.05):
        return True
    indented = below.start > above.start + above.size * 0.8
    return ended and (is_short or indented)


# Office formats: archives of XML


def _check_archive(path: str) -> zipfile.ZipFile:
    """An archive that unpacks to a bearable size."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        with open(path, "rb") as file:
            head = file.read(4)
        raise Problem("encrypted" if head == b"\xd0\xcf\x11\xe0" else "damaged") from None
    parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Problem("too_large")
    if any(part.flag_bits & 1 for part in parts):
        raise Problem("encrypted")
    return archive


W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def read_docx(path: str) -> Source:
    _check_archive(path).close()
    import docx  # its parser leaves entities unread

    document = docx.Document(path)
    styles = document.styles.element
    numbering = None
    for relation in document.part.rels.values():
        if relation.reltype.endswith("/numbering") and not relation.is_external:
            numbering = relation.target_part.element
    word = Word(styles, numbering)
    return Source(word.blocks(document.element.body))


class Word:
    """Reads the body of a DOCX: headings by outline level, lists with the numbers one sees."""

    def __init__(self, styles, numbering):
        self._styles = {style.get(f"{W}styleId"): style for style in styles.iter(f"{W}style")}
        self._abstract = {}  # numId → id of its abstract numbering
        self._levels = {}  # (abstract, level) → (format, text, start)
        self._counters: dict[str, list[int]] = {}
        if numbering is None:
            return
        for one in numbering.iter(f"{W}num"):
            of = one.find(f"{W}abstractNumId")
            self._abstract[one.get(f"{W}numId")] = of.get(f"{W}val") if of is not None else ""
        for one in numbering.iter(f"{W}abstractNum"):
            for level in one.iter(f"{W}lvl"):
                self._levels[one.get(f"{W}abstractNumId"), _whole(level.get(f"{W}ilvl"))] = (
                    _value(level, "numFmt") or "decimal",
                    _value(level, "lvlText") or "",
                    _whole(_value(level, "start"), 1),
                )

    def blocks(self, element) -> Iterator[Block]:
        for child in element:
            if child.tag == f"{W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{W}tbl":
                yield from self._table(child)
            elif child.tag == f"{W}sdt":
                content = child.find(f"{W}sdtContent")
                if content is not None:
                    yield from self.blocks(content)

    def _table(self, table) -> Iterator[Block]:
        for row in table.iter(f"{W}tr"):
            cells = [_tidy(_words(cell)) for cell in row.iterchildren(f"{W}tc")]
            if any(cells):
                yield Block(" | ".join(cells))

    def _paragraph(self, paragraph) -> Iterator[Block]:
        text = _tidy(_words(paragraph))
        if not text:
            return
        style = _value(paragraph, "pPr/pStyle") or ""
        level = self._level(paragraph, style)
        shown = self._shown_number(paragraph, style)
        if level:
            number, title = _number_of(f"{shown} {text}" if shown else text)
            yield Block(title, level, number)
        elif shown and PARAGRAPH_NUMBER.match(f"{shown} x"):
            yield Block(f"{shown} {text}", 0, shown)
        else:
            text = f"{shown} {text}" if shown else text
            found = PARAGRAPH_NUMBER.match(text)
            yield Block(text, 0, found[1] if found else "")

    def _in_styles(self, style: str, path: str) -> str | None:
        """A value of the style or of what it is based on."""
        for _ in range(12):
            found = self._styles.get(style)
            if found is None:
                return None
            value = _value(found, path)
            if value is not None:
                return value
            style = _value(found, "basedOn") or ""
        return None

    def _level(self, paragraph, style: str) -> int:
        """1 and more for a heading: by outline level, else by its name in English."""
        outline = _value(paragraph, "pPr/outlineLvl")
        if outline is None:
            outline = self._in_styles(style, "pPr/outlineLvl")
        if outline is not None:
            level = _whole(outline, 9)
            return level + 1 if level < 9 else 0
        found = self._styles.get(style)
        name = (_value(found, "name") or "") if found is not None else ""
        is_heading = re.fullmatch(r"heading ([1-9])", name.casefold())
        return int(is_heading[1]) if is_heading else 0

    def _shown_number(self, paragraph, style: str) -> str:
        """What Word writes before the paragraph: "2.1", "(a)", "•"; counts on."""
        num = _value(paragraph, "pPr/numPr/numId") or self._in_styles(style, "pPr/numPr/numId")
        abstract = self._abstract.get(num)
        if not abstract:
            return ""
        level = _value(paragraph, "pPr/numPr/ilvl")
        if level is None:
            level = self._in_styles(style, "pPr/numPr/ilvl")
        level = min(_whole(level), 8)
        if (abstract, level) not in self._levels:
            return ""
        counters = self._counters.setdefault(abstract, [0] * 9)
        start = self._levels[abstract, level][2]
        counters[level] = counters[level] + 1 if counters[level] else start
        counters[level + 1 :] = [0] * (8 - level)
        form, text, _ = self._levels[abstract, level]
        if form == "none":
            return ""
        if form == "bullet":
            return "•"

        def count(found):
            at = int(found[1]) - 1
            form_there = self._levels.get((abstract, at), ("decimal",))[0]
            return _in_form(max(counters[at], 1), form_there)

        return re.sub(r"%([1-9])", count, text).strip()


def _value(element, path: str) -> str | None:
    found = element.find("/".join(W + step for step in path.split("/")))
    return None if found is None else found.get(f"{W}val")


def _whole(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default


def _in_form(number: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter"):
        return _letters(number) if form == "lowerLetter" else _letters(number).upper()
    if form in ("lowerRoman", "upperRoman"):
        roman = ""
        for value, sign in ROMAN:
            roman += sign * (number // value)
            number %= value
        return roman.lower() if form == "lowerRoman" else roman
    return str(number)


ROMAN = [(100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV")]
ROMAN += [(1, "I")]


def _words(element) -> str:
    """The text as it would be printed: with what was inserted, without what was deleted."""
    words, skipped = [], set()
    for part in element.iter():
        if part.getparent() in skipped or part.tag in (FALLBACK, f"{W}del", f"{W}moveFrom"):
            skipped.add(part)
        elif part.tag == f"{W}t":
            words.append(part.text or "")
        elif part.tag in (f"{W}tab", f"{W}br", f"{W}cr", f"{W}p"):
            words.append(" ")
        elif part.tag == f"{W}noBreakHyphen":
            words.append("-")
    return "".join(words)


TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def read_odt(path: str) -> Source:
    archive = _check_archive(path)
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    with archive, archive.open("content.xml") as content:
        tree = etree.parse(content, parser)
    return Source(_odt_blocks(tree.getroot()))


def _odt_blocks(element) -> Iterator[Block]:
    for child in element:
        words = "".join(child.itertext()) if child.tag in (f"{TEXT}h", f"{TEXT}p") else ""
        if child.tag == f"{TEXT}h":
            number, title = _number_of(_tidy(words))
            yield Block(title, max(_whole(child.get(f"{TEXT}outline-level"), 1), 1), number)
        elif child.tag == f"{TEXT}p":
            found = PARAGRAPH_NUMBER.match(_tidy(words))
            yield Block(_tidy(words), 0, found[1] if found else "")
        elif child.tag == f"{TABLE}table":
            for row in child.iter(f"{TABLE}table-row"):
                cells = [_tidy("".join(one.itertext())) for one in row.iter(f"{TABLE}table-cell")]
                if any(cells):
                    yield Block(" | ".join(cells))
        elif child.tag != f"{TEXT}tracked-changes":
            yield from _odt_blocks(child)


def read_txt(path: str) -> Source:
    with open(path, "rb") as file:
        content = file.read(MAX_TEXT * 4)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    blocks = []
    for paragraph in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        words = _tidy(paragraph)
        number, title = _number_of(words)
        is_one_line = "\n" not in paragraph.strip()
        if number and is_one_line and len(words) < 100 and words[-1] not in ".;,:":
            blocks.append(Block(title, number.count(".") + 1, number))
        else:
            found = PARAGRAPH_NUMBER.match(words)
            blocks.append(Block(words, 0, found[1] if found else ""))
    return Source(blocks)


READERS = {"pdf": read_pdf, "docx": read_docx, "odt": read_odt, "txt": read_txt}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
