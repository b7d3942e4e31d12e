"""The library's search: 20,000 documents with 20 KB of text each, against one full-text query.

`python -m bench.library fill N` is the child that fills the library, in the environment of a
portal. The texts are made of the demonstration's own words and of invented ones: each document is
about two of forty subjects, so that some words stand in every text, some in half of them or in one
of ten, and `RARE` in twenty documents.

The ratio is that of the slowest page beside the bare view with the same words; a rare word costs
PostgreSQL nothing, so that it would measure Django alone. The growth is that of all pages together.
"""

import json
import random
import re
import sys
from collections import Counter
from pathlib import Path

NAMES = ("library.page_ratio_20k", "library.growth")
FEW, MANY = 200, 20_000
SECTIONS, LETTERS = 5, 4_000  # of a text: 20 KB
SUBJECTS, OF_EACH = 40, 60  # so many sections are written for a subject; documents share them
RARE = "kelana"
ROUNDS = 40

#: What people search for: words, filters.
QUERIES = {
    "no words, two filters": ("", "&kind=guideline&language=en"),
    "one word, two filters": ("collection", "&kind=guideline&language=en"),
    "two words, a filter": ("storage lamps", "&language=en"),
    "a word of every text, a filter": ("mercury", "&kind=guideline"),
    "a rare word, a filter": (RARE, "&language=en"),
}
BARE = ("one word, two filters", "two words, a filter", "a word of every text, a filter")


def measure(wanted) -> list[dict]:
    from bench.ground import child, portal, row
    from bench.requests import medians

    asked = {name: words.replace(" ", "+") for name, (words, _rest) in QUERIES.items()}
    pages = {name: f"/library/?q={asked[name]}{rest}" for name, (_words, rest) in QUERIES.items()}
    with portal() as place:
        child(place.environ, "bench.library", "fill", FEW)
        few = medians(place.url, pages, ROUNDS)
        child(place.environ, "bench.library", "fill", MANY)
        many = medians(place.url, pages, ROUNDS)
        bare = medians(place.url, {name: f"/bare-search/?q={asked[name]}" for name in BARE}, ROUNDS)
    for name in QUERIES:
        beside = f", bare {bare[name]:.1f} ms" if name in bare else ""
        print(f"  {name}: {few[name]:.1f} ms among {FEW}, {many[name]:.1f} ms among {MANY}{beside}")
    return [
        row("library.page_ratio_20k", max(many[name] / bare[name] for name in BARE), "×", 4),
        row("library.growth", sum(many.values()) / sum(few.values()), "×", 2.5),
    ]


# The child


_DOCUMENTS = """
CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT n, random() AS a, random() AS b, random() AS c, 0::bigint AS document_id,
    0::bigint AS version_id, 0::bigint AS translation_id
FROM generate_series(%(first)s::int, %(last)s::int) n;
INSERT INTO documents_document (code, title, kind, summary, year, languages, countries, audience,
    process, status, status_reason, source, created_at, fictitious, sort_title, regions, term_ids,
    group_ids)
SELECT format('bench-%%s', n),
    format('%%s of %%s, part %%s', (%(kinds)s::text[])[1 + floor(a * 5)::int],
        (%(subjects)s::text[])[1 + n %% 40], n),
    (%(kinds)s::text[])[1 + floor(a * 5)::int],
    format('What is known about %%s and %%s.', (%(subjects)s::text[])[1 + n %% 40],
        (%(subjects)s::text[])[1 + n * 7 %% 40]),
    1995 + floor(b * 30)::int,
    CASE WHEN c < 0.6 THEN '{en}' WHEN c < 0.8 THEN '{en,fr}' ELSE '{es}' END::varchar[],
    CASE WHEN b < 0.5 THEN ARRAY[(%(countries)s::text[])[1 + floor(a * 190)::int]] ELSE '{}' END,
    CASE WHEN b < 0.9 THEN 'public' WHEN b < 0.97 THEN 'partners' ELSE 'core' END,
    CASE WHEN a < 0.2 THEN 'basel' ELSE '' END, 'draft', '', '', now(), true, '', '{}', '{}', '{}'
FROM made;
UPDATE made SET document_id = d.id FROM documents_document d WHERE d.code = format('bench-%%s', n);
INSERT INTO documents_documentterm (document_id, term_id)
SELECT document_id, id FROM made JOIN (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM partners_term
    WHERE parent_id IS NOT NULL
) t ON place IN (1 + n %% 20, 21 + n %% 9);
INSERT INTO documents_version (document_id, number, title, change_note, licence, created_at,
    published_at)
SELECT document_id, 1, '', '', 'unknown', now(), now() - n * interval '1 hour' FROM made;
UPDATE made SET version_id = v.id FROM documents_version v WHERE v.document_id = made.document_id;
INSERT INTO documents_translation (version_id, language, is_original, file, file_name, media_type,
    sha256, url, added_at)
SELECT version_id, 'en', true, '', '', '', '', format('https://example.org/%%s', n), now()
FROM made;
UPDATE made SET translation_id = t.id FROM documents_translation t
    WHERE t.version_id = made.version_id;
UPDATE documents_document d SET current_id = version_id,
    status = CASE WHEN b < 0.05 THEN 'superseded' WHEN b < 0.08 THEN 'archived' ELSE 'published' END
FROM made WHERE d.id = document_id;
"""

# The vectors of the shared sections are made once, by the expression of the trigger (migration
# 0002), which is left out while they are copied: it would take minutes.
_TEXTS = """
CREATE TEMP TABLE written ON COMMIT DROP AS
SELECT subject, place, heading, paragraphs, labels,
    portal_vector('C', heading) || portal_vector('D', array_to_string(paragraphs, ' ')) AS search
FROM json_to_recordset(%(written)s)
    AS w(subject int, place int, heading text, paragraphs text[], labels text[]);
CREATE INDEX ON written (subject, place);
SET LOCAL session_replication_role = replica;
INSERT INTO documents_section (translation_id, version_id, document_id, "order", level, label,
    heading, page, labels, paragraphs, pages, search)
SELECT translation_id, version_id, document_id, s, 1, s::text, heading, s, labels, paragraphs,
    '{}', search
FROM made CROSS JOIN generate_series(1, %(sections)s) s
JOIN written ON subject = CASE WHEN s %% 2 = 0 THEN n %% 40 ELSE n * 7 %% 40 END
    AND place = (n * 11 + s * 13) %% %(of_each)s;
UPDATE documents_section x SET paragraphs = paragraphs || ARRAY[%(rare)s],
    labels = labels || ARRAY[x.label || '.99'], search = search || portal_vector('D', %(rare)s)
FROM made WHERE x.translation_id = made.translation_id AND x."order" = 3 AND n %% 10 = 7
    AND n <= %(few)s;
SET LOCAL session_replication_role = origin;
"""


def fill(total: int):
    """Add documents until `total` of them are the bench's."""
    from django.db import connection, transaction

    from documents.models import Document
    from partners.models import Country

    first = Document.objects.filter(code__startswith="bench-").count() + 1
    texts = _Texts()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.2026)")
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'section_search'",
        )
        (index,) = cursor.fetchone()
        cursor.execute("DROP INDEX section_search")
        cursor.execute(
            _DOCUMENTS,
            {
                "first": first,
                "last": total,
                "kinds": ["guideline", "report", "assessment", "fact_sheet", "training"],
                "subjects": texts.subjects,
                "countries": list(Country.objects.values_list("code", flat=True)),
            },
        )
        cursor.execute(
            _TEXTS,
            {
                "written": json.dumps(texts.written()),
                "sections": SECTIONS,
                "of_each": OF_EACH,
                "rare": RARE,
                "few": FEW,
            },
        )
        cursor.execute(index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (FULL, ANALYZE) documents_document")  # written thrice above
        cursor.execute("VACUUM ANALYZE documents_section, documents_version, documents_translation")


class _Texts:
    """Sections of text by subject, the same at each run."""

    def __init__(self):
        self.pick = random.Random(2026)
        folder = Path(__file__).parent.parent / "documents" / "data" / "demonstration"
        said = " ".join(path.read_text() for path in sorted(folder.glob("*.json")))
        known = Counter(re.findall(r"[a-z]{2,}", said.lower()))
        ordered = [word for word, _number in known.most_common()]
        self.common = ordered[:150]
        # More frequent words belong to more subjects: 6 of 40, then 3, then 1
        self.of_subject = [[] for _subject in range(SUBJECTS)]
        content = [word for word in ordered[150:] if len(word) > 3]
        content += [word for word in ("collection", "storage", "lamps") if word in self.common]
        self.common = [word for word in self.common if word not in content and word != RARE]
        for place, word in enumerate(content):
            often = 6 if known[word] > 10 else 3 if known[word] > 3 else 1
            for subject in {(place * 17 + step * 7) % SUBJECTS for step in range(often)}:
                self.of_subject[subject].append(word)
        for words in self.of_subject:
            words += [self._invented() for _word in range(200)]
        self.subjects = [words[0] for words in self.of_subject]

    def _invented(self) -> str:
        return "".join(
            self.pick.choice("bdfgklmnprstvz") + self.pick.choice("aeiou")
            for _syllable in range(self.pick.randint(3, 5))
        )

    def written(self) -> list[dict]:
        """{subject, place, heading, paragraphs, labels} of each section."""
        common_weights = [1 / (place + 3) for place in range(len(self.common))]
        rows = []
        for subject, words in enumerate(self.of_subject):
            weights = [1 / (place + 10) for place in range(len(words))]
            for place in range(OF_EACH):
                letters, paragraphs = 0, []
                while letters < LETTERS:
                    mixed = self.pick.choices(self.common, common_weights, k=35)
                    mixed += self.pick.choices(words, weights, k=25)
                    self.pick.shuffle(mixed)
                    paragraphs.append(" ".join(mixed).capitalize() + ".")
                    letters += len(paragraphs[-1])
                rows.append(
                    {
                        "subject": subject,
                        "place": place,
                        "heading": " ".join(self.pick.choices(words, weights, k=3)).capitalize(),
                        "paragraphs": paragraphs,
                        "labels": [f"{place}.{n}" for n in range(1, len(paragraphs) + 1)],
                    }
                )
        return rows


if __name__ == "__main__":
    import django

    django.setup()
    fill(int(sys.argv[2]))
