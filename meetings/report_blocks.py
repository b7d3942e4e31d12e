"""What a report is made of: sections with blocks, in the reader's language."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Block:
    """A piece of a section: paragraphs, points, or a table with a header.

    `links` are addresses of the first cells of a table's rows.
    """

    kind: str  # text, points, table
    lines: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    @property
    def linked(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """Each row: address, first cell, and the others with the heads of their columns."""
        links = self.links or [""] * len(self.rows)
        return [
            (link, row[0], list(zip(self.header[1:], row[1:], strict=True)))
            for link, row in zip(links, self.rows, strict=True)
        ]


@dataclass(frozen=True)
class Section:
    """`number` as printed: "4", "4.2"; `level` of its heading is 1 or 2."""

    number: str
    title: str
    level: int
    blocks: list[Block]

    @property
    def anchor(self) -> str:
        return "section-" + self.number.replace(".", "-").replace(" ", "-").lower()


@dataclass(frozen=True)
class Content:
    """A report in the reader's language."""

    title: str
    when: str
    where: str
    facts: list[tuple[str, str]]
    sections: list[Section]
