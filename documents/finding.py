"""Finding documents by words: in their own words or in the text of what a reader gets today.

See docs/decisions/0061-where-the-library-looks.md.
"""

from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from partners.directory.words import MAX_LENGTH

_EVERYWHERE = """
    SELECT
        (SELECT array_agg(id)::text FROM documents_document
            WHERE search @@ portal_query(%(words)s)),
        (SELECT array_agg(version_id)::text FROM (SELECT DISTINCT version_id FROM documents_section
            WHERE search @@ portal_query(%(words)s)) AS texts)
"""
# Private characters that no text has, until what is around them is escaped
_FROM, _TO = "\ue000", "\ue001"
#: Letters of a section that are looked at for the words around a find.
LOOKED_AT = 20_000
_IN_TEXTS = """
    SELECT d.id, v.number, t.language, s.label, s.heading, s.page, ts_headline('portal_words',
        translate(left(array_to_string(s.paragraphs, ' '), %(looked_at)s), %(marks)s, ''),
        portal_query(%(words)s), %(options)s)
    FROM documents_document d
    JOIN LATERAL (
        SELECT * FROM documents_section WHERE version_id = d.current_id
            AND search @@ portal_query(%(words)s)
        ORDER BY ts_rank(search, portal_query(%(words)s)) DESC, "order", id LIMIT 1
    ) s ON true
    JOIN documents_version v ON v.id = d.current_id
    JOIN documents_translation t ON t.id = s.translation_id
    WHERE d.id = ANY(%(keys)s)
"""
_OPTIONS = f"StartSel={_FROM}, StopSel={_TO}, MaxWords=35, MinWords=20"


def matching(words: str) -> tuple[list[int], list[int]]:
    """Keys of the documents in whose own words all these stand, and of the versions in one section
    of whose text they do.

    The caller decides who may see them, and that only a document's newest version counts.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # The planner does not know that reading a text's vector costs more than reading its row:
        # without this it goes through all texts for a word that most of them have
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(_EVERYWHERE, {"words": words[:MAX_LENGTH]})
        return tuple(_numbers(written) for written in cursor.fetchone())


def _numbers(written: str | None) -> list[int]:
    """The numbers of an array as PostgreSQL writes it: "{1,2}"; quicker than a row for each."""
    return list(map(int, written[1:-1].split(","))) if written else []


@dataclass(frozen=True)
class Passage:
    """Where the words stand in a text; `snippet` is safe HTML with <mark>."""

    number: int  # of the version
    language: str
    label: str
    heading: str
    page: int | None
    snippet: SafeString


def passages(document_ids: list[int], words: str) -> dict[int, Passage]:
    """The section of each document that fits the words best, in one query; by key."""
    if not (document_ids and words):
        return {}
    values = {
        "words": words[:MAX_LENGTH],
        "keys": document_ids,
        "marks": _FROM + _TO,
        "options": _OPTIONS,
        "looked_at": LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_IN_TEXTS, values)
        return {
            key: Passage(*place, _marked(snippet)) for key, *place, snippet in cursor.fetchall()
        }


def _marked(snippet: str) -> SafeString:
    """Escaped first: the text is somebody's file."""
    safe = str(escape(snippet)).replace(_FROM, "<mark>").replace(_TO, "</mark>")
    return mark_safe(safe)
