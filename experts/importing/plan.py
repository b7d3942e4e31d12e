"""What an import would do: each row of the list against the profiles that are there.

Nothing is written here. A profile whose expert has confirmed it, or which is not on the list, is
never touched; an empty cell changes nothing; `confirmed_at` is never moved.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from experts.importing import values
from experts.importing.headers import LISTS, key
from experts.importing.sheets import Cells, Source, Table
from experts.importing.workbook import Broken, column_letters
from experts.models import Expert
from partners.models import Country, Organisation, Term

#: Fields that a row may set, in the order of the preview.
FIELDS = (
    "name",
    "position",
    "organisation",
    "country",
    "terms",
    "languages",
    "summary",
    "experience",
    "worked_in",
    "remote_advice",
    "missions",
    "training",
    "available_from",
    "available_until",
    "website",
    "orcid",
    "linkedin",
    "email",
    "phone",
    "imported_updated_on",
)
ERRORS_KEPT = 10_000
EVERY = 250  # rows between two reports of progress

KEPT_CONFIRMED = gettext_noop("Kept: the expert has confirmed this profile.")
KEPT_OFF_LIST = gettext_noop("Kept: this profile is not on the list. An import does not list it.")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Error:
    """Why a row cannot be imported: `row` and `column` as in the file."""

    row: int
    column: str
    value: str
    reason: str


@dataclass
class New:
    """A person who is not in the portal yet."""

    row: int
    values: dict


@dataclass
class Changed:
    """A listed profile that differs from its row: field → (before, after)."""

    row: int
    expert: Expert
    fields: dict[str, tuple]


@dataclass(frozen=True)
class Kept:
    """A profile that differs from its row and stays as it is."""

    row: int
    name: str
    reason: str


@dataclass(frozen=True)
class House:
    """An organisation that the import creates."""

    name: str
    acronym: str
    country: str | None


@dataclass
class Plan:
    new: list[New] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    unchanged: int = 0
    houses: list[House] = field(default_factory=list)
    errors: list[Error] = field(default_factory=list)
    error_count: int = 0
    notes: list[Error] = field(default_factory=list)

    def digest(self) -> str:
        """Equal for two plans that would do the same."""
        whole = [
            [entry.values for entry in self.new],
            [[entry.expert.pk, entry.fields] for entry in self.changed],
            [[entry.row, entry.name] for entry in self.kept],
            [[house.name, house.acronym, house.country] for house in self.houses],
            [self.unchanged, self.error_count],
        ]
        text = json.dumps(whole, sort_keys=True, default=_jsonable)
        return hashlib.sha256(text.encode()).hexdigest()


def _jsonable(value):
    if isinstance(value, House):
        return [value.name, value.acronym, value.country]
    return value.isoformat() if isinstance(value, date) else str(value)


def make(
    table: Table, now: datetime, lock: bool = False, progress: Progress = lambda done, total: None
) -> Plan:
    """Compare the list with the portal; `lock` holds the profiles that it names until commit.

    `now` is aware, in UTC. `progress` is told how many rows of how many are done.
    """
    return _Planner(table, now, lock, progress).make()


class _Planner:
    def __init__(self, table: Table, now: datetime, lock: bool, progress: Progress):
        self.table, self.today, self.lock, self.progress = table, now.date(), lock, progress
        self.plan = Plan()
        self.country_rows = {row.code: row for row in Country.objects.all()}
        self.countries = values.country_words(self.country_rows.values())
        self.regions = values.region_words()
        self.terms = values.term_words(Term.objects.prefetch_related("synonyms"))
        self.languages = values.language_words()
        self.houses = _Houses()
        self.readers = self._readers()
        self.seen: dict[object, tuple[int, dict]] = {}

    def make(self) -> Plan:
        total = len(self.table.rows)
        parsed = []
        for done, (number, cells) in enumerate(self.table.rows):
            if done % EVERY == 0:
                self.progress(done // 2, total)
            if not self._is_heading(cells):
                row = self._parse(number, cells)
                if row:
                    parsed.append((number, row))
        people = _People([row for _number, row in parsed], self.lock)
        for done, (number, row) in enumerate(parsed):
            if done % EVERY == 0:
                self.progress((total + done) // 2, total)
            self._place(number, row, people)
        self.plan.houses = self.houses.new
        self.plan.errors.sort(key=lambda error: error.row)
        return self.plan

    # One row

    def _readers(self) -> dict[str, Callable]:
        def limited(read, name):
            return values.limited(read, name)

        return {
            "name": limited(values.person, "name"),
            "position": limited(values.position, "position"),
            "organisation": _organisation,
            "country": partial(self._one, self.countries),
            "region": values.line,
            "terms": partial(self._many, self.terms),
            "languages": partial(self._many, self.languages),
            "summary": limited(values.text, "summary"),
            "experience": limited(values.text, "experience"),
            "worked_in": partial(self._many, self.countries),
            "remote_advice": values.yes_no,
            "missions": values.yes_no,
            "training": values.yes_no,
            "available_from": values.day,
            "available_until": values.day,
            "website": limited(values.address, "website"),
            "orcid": values.orcid,
            "linkedin": limited(values.address, "linkedin"),
            "email": limited(values.email, "email"),
            "phone": limited(values.line, "phone"),
            "imported_updated_on": self._past_day,
        }

    @staticmethod
    def _one(words: values.Words, value):
        found = values.line(value)
        return words.one(found) if found else None

    @staticmethod
    def _many(words: values.Words, value):
        return words.many(values.text(value))

    def _past_day(self, value):
        found = values.day(value)
        if found and found > self.today:
            raise values.Wrong(_("This day lies in the future."))
        return found

    def _parse(self, number: int, cells: Cells) -> dict | None:
        """The row's values by field, only those that it states; None when it has an error."""
        row = {}
        wrong = False
        for source in self.table.sources:
            raw = _cell(source, cells)
            if raw is None:
                continue
            try:
                value = self.readers[source.field](raw)
            except values.Wrong as reason:
                self._error(number, source, raw, str(reason))
                wrong = True
                continue
            if value is None or value == "" or value == []:
                continue
            row[source.field] = value
            if source.field == "email" and str(raw).count("@") > 1:
                taken = _("Only the first is taken: %(taken)s.") % {"taken": value}
                self._note(number, source, raw, taken)
        if "name" not in row and not wrong:
            self._error(number, self._source("name"), "", _("The name is missing."))
            wrong = True
        return None if not self._belongs_together(number, row) or wrong else row

    def _belongs_together(self, number: int, row: dict) -> bool:
        begins, ends = row.get("available_from"), row.get("available_until")
        if begins and ends and ends < begins:
            self._error(
                number,
                self._source("available_until"),
                ends,
                _("This day is before the day from which the person is available."),
            )
            return False
        said = row.pop("region", "")
        if not said or "country" not in row:
            return True
        region = self.regions.get(key(said))
        country = self.country_rows[row["country"]]
        if region is None:
            self._note(
                number,
                self._source("region"),
                said,
                _("This is none of the six regions. The country decides: %(region)s.")
                % {"region": country.get_region_display()},
            )
        elif region != country.region:
            self._error(
                number,
                self._source("region"),
                said,
                _("“%(said)s” does not fit %(country)s, which is in %(region)s.")
                % {
                    "said": values.shown(said),
                    "country": country.name,
                    "region": country.get_region_display(),
                },
            )
            return False
        return True

    def _is_heading(self, cells: Cells) -> bool:
        """A region or a country alone in a row is a heading between the persons."""
        said = {value for value in cells.values() if not isinstance(value, Broken)}
        only = said.pop() if len(said) == 1 else None
        if not isinstance(only, str):
            return False
        return key(only) in self.regions or self.countries.get(only) is not None

    # Its profile

    def _place(self, number: int, row: dict, people: "_People"):
        try:
            expert = people.find(row)
        except values.Wrong as reason:
            self._error(number, self._source("name"), row["name"], str(reason))
            return
        if self._is_named_twice(number, row, expert):
            return
        if expert is None:
            self._add(number, row)
        else:
            self._compare(number, row, expert)

    def _is_named_twice(self, number: int, row: dict, expert: Expert | None) -> bool:
        if expert:
            marks = [("profile", expert.pk)]
        else:
            marks = [("name", _name_key(row["name"]), row.get("country"))]
        if "email" in row:
            marks.append(("email", row["email"]))
        for mark in marks:
            if mark in self.seen:
                first, same = self.seen[mark]
                if mark[0] == "name" and _have_two_addresses(row, same):
                    continue
                if same == row:
                    self._note(
                        number,
                        self._source("name"),
                        row["name"],
                        _("The same as row %(first)s. Read once.") % {"first": first},
                    )
                else:
                    self._error(
                        number,
                        self._source("email" if mark[0] == "email" else "name"),
                        row["email"] if mark[0] == "email" else row["name"],
                        _("This is the person of row %(first)s again, with other words. Keep one.")
                        % {"first": first},
                    )
                return True
        for mark in marks:
            self.seen[mark] = (number, row)
        return False

    def _add(self, number: int, row: dict):
        if "country" not in row:
            self._error(
                number,
                self._source("country"),
                "",
                _("The country is missing. A person on the list has one."),
            )
            return
        row = dict(row)
        if "organisation" in row:
            row["organisation"] = self.houses.find(row["organisation"], row["country"], None)
        self.plan.new.append(New(number, row))

    def _compare(self, number: int, row: dict, expert: Expert):
        row = dict(row)
        if "organisation" in row:
            country = row.get("country") or expert.country_id
            untouchable = expert.confirmed_at or expert.status != Expert.Status.LISTED
            row["organisation"] = self.houses.find(
                row["organisation"], country, expert, may_create=not untouchable
            )
        fields = {}
        for name in FIELDS:
            if name not in row:
                continue
            before, after = value_of(expert, name), row[name]
            if not _same(before, after):
                fields[name] = (before, after)
        kept = ""
        if not fields:
            self.plan.unchanged += 1
        elif expert.status != Expert.Status.LISTED:
            kept = KEPT_OFF_LIST
        elif expert.confirmed_at:
            kept = KEPT_CONFIRMED
        else:
            self._change(number, expert, fields)
        if kept:
            self.plan.kept.append(Kept(number, expert.name, kept))

    def _change(self, number: int, expert: Expert, fields: dict):
        if expert.user_id and "email" in fields:  # changed by the person alone, with a code
            del fields["email"]
            self._note(
                number,
                self._source("email"),
                "",
                _("The address stays: the expert has a sign-in and changes it there."),
            )
        begins = fields.get("available_from", (0, expert.available_from))[1]
        ends = fields.get("available_until", (0, expert.available_until))[1]
        if begins and ends and ends < begins:
            self._error(
                number,
                self._source("available_from"),
                begins,
                _("With the days of the profile, the time would end before it begins."),
            )
        elif fields:
            self.plan.changed.append(Changed(number, expert, fields))
        else:
            self.plan.unchanged += 1

    # What is said about it

    def _source(self, name: str) -> Source:
        for source in self.table.sources:
            if source.field == name:
                return source
        return Source(name, (), "")

    def _error(self, number: int, source: Source, value, reason: str):
        self.plan.error_count += 1
        if len(self.plan.errors) < ERRORS_KEPT:
            self.plan.errors.append(Error(number, _heading(source), values.shown(value), reason))

    def _note(self, number: int, source: Source, value, reason: str):
        if len(self.plan.notes) < ERRORS_KEPT:
            self.plan.notes.append(Error(number, _heading(source), values.shown(value), reason))


class _People:
    """The profiles that the rows of a list may mean, read in two queries."""

    def __init__(self, rows: list[dict], lock: bool):
        self.emails = emails = {row["email"] for row in rows if "email" in row}
        names = {_name_key(row["name"]) for row in rows}
        known = Expert.objects.order_by("pk").values_list(
            "pk", "name", "country_id", "email", "status"
        )
        self.by_email: dict[str, list[int]] = {}
        self.by_name: dict[tuple, list[int]] = {}
        self.gone_by_email: dict[str, list[int]] = {}
        self.gone_by_name: dict[tuple, list[int]] = {}
        wanted = []
        for pk, name, country, email, status in known.iterator(chunk_size=5000):
            gone = status == Expert.Status.WITHDRAWN
            name_key = _name_key(name)
            if email in emails or name_key in names:
                wanted.append(pk)
            if email in emails:
                emails_of = self.gone_by_email if gone else self.by_email
                emails_of.setdefault(email, []).append(pk)
            if name_key in names:
                names_of = self.gone_by_name if gone else self.by_name
                names_of.setdefault((name_key, country), []).append(pk)
        experts = Expert.objects.order_by("pk").defer("search")
        if lock:
            experts = experts.select_for_update()
        self.experts = {}
        for start in range(0, len(wanted), 2000):
            portion = experts.in_bulk(wanted[start : start + 2000])
            self.experts |= portion

    def find(self, row: dict) -> Expert | None:
        """By address, else by name and country; those who left the list come last.

        Raises Wrong when the row could mean several.
        """
        name = (_name_key(row["name"]), row.get("country"))
        namesakes = self._not_claimed(self.by_name.get(name, []), row)
        if ("email" not in row or row["email"] not in self.by_email) and len(namesakes) > 1:
            raise values.Wrong(
                _("%(count)s profiles have this name and country. Add the e-mail address.")
                % {"count": len(namesakes)}
            )
        for found in (
            self.by_email.get(row.get("email")),
            namesakes,
            self.gone_by_email.get(row.get("email")),
            self._not_claimed(self.gone_by_name.get(name, []), row),
        ):
            if found:
                return self.experts[found[0]]
        return None

    def _not_claimed(self, keys: list[int], row: dict) -> list[int]:
        """Without profiles that another row names by their address."""
        return [
            pk
            for pk in keys
            if self.experts[pk].email in ("", row.get("email"))
            or self.experts[pk].email not in self.emails
        ]


class _Houses:
    """Organisations by name, and those that the import creates."""

    def __init__(self):
        self.new: list[House] = []
        self._made: dict[tuple, House] = {}
        self._known: dict[str, list[tuple]] = {}
        self._of: dict[int, tuple] = {}
        for pk, name, acronym, country, kind in Organisation.objects.order_by("pk").values_list(
            "pk", "name", "acronym", "country_id", "kind"
        ):
            entry = (pk, country, kind, name, acronym)
            self._of[pk] = entry
            for spelling in {_tight(name), _tight(f"{name} ({acronym})"), _tight(acronym)} - {""}:
                self._known.setdefault(spelling, []).append(entry)

    def find(self, said: str, country: str | None, expert: Expert | None, may_create=True):
        """The organisation's key, or a House to create.

        The one that the profile has stays where the row names it. A ministry is known by name and
        country; organisations of many countries by name alone.
        """
        spelling = _tight(said)
        known = self._known.get(spelling, [])
        if expert and any(entry[0] == expert.organisation_id for entry in known):
            return expert.organisation_id
        for fits in (
            lambda entry: entry[1] == country,
            lambda entry: entry[1] is None,
            lambda entry: entry[2] == Organisation.Kind.INTERGOVERNMENTAL,
        ):
            for entry in known:
                if fits(entry):
                    return entry[0]
        name, acronym = said, ""
        if said.endswith(")") and " (" in said:
            before, _bracket, inside = said[:-1].rpartition(" (")
            if 1 < len(inside) <= 30 and inside.isupper() and inside.isalnum():
                name, acronym = before, inside
        house = House(name, acronym, country)
        made = self._made.get((_tight(name), country))
        if made:
            return made
        if may_create:
            self._made[_tight(name), country] = house
            if acronym:
                self._made.setdefault((_tight(said), country), house)
            self.new.append(house)
        return house

    def name(self, value) -> str:
        if isinstance(value, House):
            return value.name
        return self._of[value][3] if value in self._of else ""


def _have_two_addresses(one: dict, other: dict) -> bool:
    """Two persons of one name in one country are told apart by their addresses."""
    return "email" in one and "email" in other and one["email"] != other["email"]


def value_of(expert: Expert, name: str):
    """A field of a profile in the form that a row has."""
    if name == "terms":
        return list(expert.term_ids)
    if name in ("organisation", "country"):
        return getattr(expert, f"{name}_id")
    return getattr(expert, name)


def _same(before, after) -> bool:
    """Is the row's value what the profile has, read as a cell would be?"""
    if isinstance(after, list):
        return sorted(before) == sorted(after)
    if isinstance(before, str) and isinstance(after, str):
        if before == after:
            return True
        try:
            return " ".join(values.text(before).split()) == " ".join(after.split())
        except values.Wrong:
            return False
    return before == after


def _cell(source: Source, cells: Cells):
    """The value of the column or columns of a field; None where all are empty."""
    if len(source.columns) == 1:
        return cells.get(source.columns[0])
    found = [cells[column] for column in source.columns if column in cells]
    if not found or source.joined is None or any(isinstance(one, Broken) for one in found):
        return next((one for one in found if isinstance(one, Broken)), found[0] if found else None)
    joined = dict.fromkeys(str(one) for one in found) if source.field in LISTS else map(str, found)
    return source.joined.join(joined)


def _heading(source: Source) -> str:
    """The column as in the file: its letter and what stands above it."""
    letters = "–".join(column_letters(column) for column in source.columns[:1])
    return f"{letters} {source.header}".strip() or source.field


def _organisation(value) -> str:
    found = values.line(value)
    most = Organisation._meta.get_field("name").max_length
    if len(found) > most:
        raise values.Wrong(
            _("This has %(length)s characters; %(most)s is the limit. Shorten it.")
            % {"length": len(found), "most": most}
        )
    return found


_ADDRESSED_AS = frozenset(
    ["mr", "mrs", "ms", "miss", "dr", "prof", "professor", "eng", "ing", "mme", "mlle", "sr", "sra"]
)


def _name_key(name: str) -> str:
    words = key(name).split()
    while len(words) > 2 and words[0] in _ADDRESSED_AS:
        words.pop(0)
    return " ".join(words)


def _tight(name: str) -> str:
    return key(name)
