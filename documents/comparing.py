"""Two versions side by side: which sections and paragraphs changed, and which words in them.

Work is bounded: comparing two texts word by word costs, at worst, the product of their lengths, so
every comparison is paid from one purse (`Purse`). When it is empty, what is left is shown as
deleted and inserted paragraphs, which is coarser and still right.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from django.utils.translation import ngettext

from documents.models import Comment, CommentRound, Response, Section, Translation

PURSE = 12_000_000  # pairs of words; measured: about 2 s
ALIKE = 0.45  # share of words in common from which a paragraph counts as changed, not as new
ALIKE_SECTIONS = 0.4
MOST_PAIRS = 2500  # of paragraphs looked at in one stretch
MOST_SECTION_PAIRS = 6000  # of sections without the same heading
FOLDED_LETTERS = 400_000  # of both texts: above, unchanged paragraphs are not repeated

#: Words with the space behind them; each sign of scripts without spaces by itself
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]\s*|[\w’'-]+\s*|[^\w\s]\s*")


@dataclass
class Clause:
    """A paragraph: what happened to it, and its text as (kind, text), kind "", "ins" or "del"."""

    state: str  # same, changed, new, gone
    label: str
    old_label: str
    pieces: list[tuple[str, str]]


@dataclass
class Stretch:
    """Paragraphs that stand together, all unchanged (to be folded) or none."""

    is_same: bool
    clauses: list[Clause] = field(default_factory=list)


@dataclass
class Change:
    """A section in both versions, or in one of them."""

    state: str  # same, changed, new, gone
    label: str
    old_label: str
    heading: list[tuple[str, str]]
    level: int
    stretches: list[Stretch] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)

    @property
    def shown_label(self) -> str:
        return self.label or self.old_label

    @property
    def anchor(self) -> str:
        """An id for the page: a label may be there twice, of a section that is gone and another."""
        return f"s-{self.label}" if self.label else f"gone-{self.old_label}"

    @property
    def was(self) -> str:
        """The section's label in the older version, where it was another one."""
        return self.old_label if self.label and self.old_label != self.label else ""


@dataclass
class Comparison:
    changes: list[Change]
    comments: list[Comment]  # that belong to the text as a whole
    is_coarse: bool  # the purse was empty before all words were compared
    is_long: bool  # unchanged paragraphs are left out

    @property
    def summary(self) -> list[str]:
        """How many sections changed, are new, gone, or as they were, in words."""
        counts = Counter(change.state for change in self.changes)
        words = {
            "changed": ngettext(
                "%(n)s section changed", "%(n)s sections changed", counts["changed"]
            ),
            "new": ngettext("%(n)s section is new", "%(n)s sections are new", counts["new"]),
            "gone": ngettext("%(n)s section is gone", "%(n)s sections are gone", counts["gone"]),
            "same": ngettext("%(n)s is as it was", "%(n)s are as they were", counts["same"]),
        }
        return [text % {"n": counts[state]} for state, text in words.items() if counts[state]]


class Purse:
    """What comparing may still cost."""

    def __init__(self, words: int = PURSE):
        self.left = words
        self.was_empty = False

    def pays(self, price: int) -> bool:
        if price > self.left:
            self.was_empty = True
            return False
        self.left -= price
        return True


def compare(older: Translation, newer: Translation, user) -> Comparison:
    """What changed between two texts, with the comments that led to it and that `user` may see."""
    before, after = _sections(older), _sections(newer)
    letters = sum(len(text) for one in (*before, *after) for text in one.paragraphs)
    purse = Purse()
    changes = [_change(old, new, purse) for old, new in _matched(before, after)]
    is_long = letters > FOLDED_LETTERS
    for change in changes:
        if is_long:
            for stretch in change.stretches:
                if stretch.is_same:
                    for clause in stretch.clauses:
                        clause.pieces = []
    rest = _give_comments(changes, before, _led_to_changes(older, user))
    return Comparison(changes, rest, purse.was_empty, is_long)


def _sections(text: Translation) -> list[Section]:
    return list(text.sections.defer("search").order_by("order"))


# Which section became which


def _matched(
    before: list[Section], after: list[Section]
) -> list[tuple[Section | None, Section | None]]:
    """Pairs in the order of the newer text; what is gone stands where it was."""
    partner: dict[int, Section] = {}  # key of the new → the old
    left = list(before)

    def pair(old: Section, new: Section):
        partner[new.pk] = old
        left.remove(old)

    for same in (
        lambda one: (one.label, _plain(one.heading)),
        lambda one: _plain(one.heading) or None,
    ):
        known: dict = {}
        for old in left:
            known.setdefault(same(old), []).append(old)
        for new in after:
            if new.pk not in partner and same(new) is not None and known.get(same(new)):
                pair(known[same(new)].pop(0), new)
    unmatched = [new for new in after if new.pk not in partner]
    bags = {one.pk: _bag(one) for one in (*left, *unmatched)}
    near = MOST_SECTION_PAIRS // max(len(unmatched), 1)  # of many, those at about the same place
    candidates = []
    for at, new in enumerate(unmatched):
        middle = at * len(left) // len(unmatched)
        for old in left[max(middle - near // 2, 0) : middle + near // 2 + 1]:
            share = _share(bags[old.pk], bags[new.pk])
            share += 0.15 if old.label == new.label else 0
            if share >= ALIKE_SECTIONS:
                candidates.append((-share, abs(old.order - new.order), new.order, old, new))
    for *_, old, new in sorted(candidates, key=lambda one: one[:3]):
        if new.pk not in partner and old in left:
            pair(old, new)
    pairs = [(partner.get(new.pk), new) for new in after]
    for old in left:  # behind the section that it followed
        at = max(
            (n for n, (one, _) in enumerate(pairs) if one and one.order < old.order), default=-1
        )
        pairs.insert(at + 1, (old, None))
    return pairs


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _bag(section: Section) -> Counter:
    words = Counter()
    for text in (section.heading, *section.paragraphs):
        words.update(re.findall(r"\w+", text[:5000].casefold())[:500])
        if words.total() > 1000:
            break
    return words


def _share(one: Counter, other: Counter) -> float:
    """How much of the words is in both, 0 to 1."""
    whole = one.total() + other.total()
    return 2 * sum((one & other).values()) / whole if whole else 0


# Inside a section


def _change(old: Section | None, new: Section | None, purse: Purse) -> Change:
    if old is None or new is None:
        there, state, kind = (new, "new", "ins") if old is None else (old, "gone", "del")
        clauses = [_whole(state, kind, *row) for row in there.numbered]
        heading = [("", there.heading)]
        labels = (there.label, "") if old is None else ("", there.label)
        return Change(state, *labels, heading, there.level, _stretches(clauses))
    clauses = _clauses(old.numbered, new.numbered, purse)
    heading = _words(old.heading, new.heading, purse)
    is_same = all(clause.state == "same" for clause in clauses) and len(heading) < 2
    return Change(
        "same" if is_same else "changed",
        new.label,
        old.label,
        heading,
        new.level,
        _stretches(clauses),
    )


def _whole(state: str, kind: str, label: str, text: str) -> Clause:
    labels = (label, "") if kind == "ins" else ("", label)
    return Clause(state, *labels, [(kind, text)])


def _stretches(clauses: list[Clause]) -> list[Stretch]:
    found: list[Stretch] = []
    for clause in clauses:
        is_same = clause.state == "same"
        if not found or found[-1].is_same != is_same:
            found.append(Stretch(is_same))
        found[-1].clauses.append(clause)
    return found


def _clauses(old: list, new: list, purse: Purse) -> list[Clause]:
    """Paragraphs of the newer section in their order; what is gone stands where it was."""
    before = [" ".join(text.split()) for _, text in old]
    after = [" ".join(text.split()) for _, text in new]
    found = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            found += [
                Clause("same", label, old_label, [("", text)])
                for (old_label, _), (label, text) in zip(old[i:i_end], new[j:j_end], strict=True)
            ]
        else:
            found += _rewritten(old[i:i_end], new[j:j_end], purse)
    return found


def _rewritten(old: list, new: list, purse: Purse) -> list[Clause]:
    """Paragraphs between two that stayed: pairs that are alike, in order, and the rest."""
    pairs = _alike(old, new)
    found, at = [], 0
    for number, (label, text) in enumerate(new):
        partner = pairs.get(number)
        if partner is None:
            found.append(_whole("new", "ins", label, text))
            continue
        found += [_whole("gone", "del", *row) for row in old[at:partner]]
        old_label, old_text = old[partner]
        found.append(Clause("changed", label, old_label, _words(old_text, text, purse)))
        at = partner + 1
    return found + [_whole("gone", "del", *row) for row in old[at:]]


def _alike(old: list, new: list) -> dict[int, int]:
    """Which new paragraph came from which old one: the best pairs that keep the order."""
    if not old or not new:
        return {}
    if len(old) * len(new) > MOST_PAIRS:  # coarser: by position
        return {
            n: n
            for n in range(min(len(old), len(new)))
            if _share(_word_bag(old[n][1]), _word_bag(new[n][1])) >= ALIKE
        }
    old_bags = [_word_bag(text) for _, text in old]
    new_bags = [_word_bag(text) for _, text in new]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    shares = [[_share(one, other) for other in new_bags] for one in old_bags]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            taken = shares[i][j] + best[i + 1][j + 1] if shares[i][j] >= ALIKE else 0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], taken)
    pairs, i, j = {}, 0, 0
    while i < len(old) and j < len(new):
        if shares[i][j] >= ALIKE and best[i][j] == shares[i][j] + best[i + 1][j + 1]:
            pairs[j] = i
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _word_bag(text: str) -> Counter:
    return Counter(re.findall(r"\w+", text[:20_000].casefold()))


def _words(old: str, new: str, purse: Purse) -> list[tuple[str, str]]:
    """The newer text with what was inserted, and what was deleted where it stood."""
    if old == new:
        return [("", new)] if new else []
    before, after = WORD.findall(f"{old} "), WORD.findall(f"{new} ")
    if not purse.pays(len(before) * len(after)):
        return [("del", f"{old} "), ("ins", new)]
    matcher = SequenceMatcher(
        None,
        [word.strip() for word in before],
        [word.strip() for word in after],
        autojunk=len(before) + len(after) > 2000,
    )
    pieces: list[tuple[str, str, str]] = []  # same, deleted, inserted
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        gone, come = "".join(before[i:i_end]), "".join(after[j:j_end])
        if tag != "equal":
            pieces.append(("", gone, come))
        elif pieces and i_end < len(before) and len(come.strip()) < 3:
            # one short word between two changes: easier to read as one change
            pieces.append(("", gone, come))
        else:
            same = come.rstrip()
            # a word before a space here, before a comma there: the space is of one version alone
            spaces = gone[len(gone.rstrip()) :], come[len(same) :]
            pieces += [(come, "", "")] if all(spaces) or not any(spaces) else [
                (same, "", ""), ("", *spaces)
            ]  # fmt: skip
    found: list[tuple[str, str]] = []
    deleted = inserted = ""
    for same, gone, come in [*pieces, ("", "", "")]:
        deleted, inserted = deleted + gone, inserted + come
        if same or not (gone or come):
            if deleted:
                found.append(("del", deleted))
            if inserted:
                found.append(("ins", inserted))
            deleted = inserted = ""
            if same:
                found.append(("", same))
    if found:
        found[-1] = (found[-1][0], found[-1][1].rstrip())
    return found


# The comments that led to the changes


def _led_to_changes(older: Translation, user) -> list[Comment]:
    """Accepted comments of finished rounds on the older version, as far as the person may see."""
    return list(
        Comment.objects.visible_to(user)
        .sent()
        .filter(
            round__version=older.version_id,
            round__status=CommentRound.Status.FINISHED,
            response__verdict__in=(Response.Verdict.ACCEPTED, Response.Verdict.PARTLY),
        )
        .select_related("response", "organisation", "author")
        .order_by("round", "number")
    )


def _give_comments(
    changes: list[Change], before: list[Section], comments: list[Comment]
) -> list[Comment]:
    """Lay each comment beside the section where it was made; returns those without a place."""
    place = {label: one.label for one in before for label in one.labels}
    place |= {one.label: one.label for one in before}
    by_label = {change.old_label: change for change in changes if change.old_label}
    rest = []
    for comment in comments:
        label = place.get(comment.paragraph) or place.get(comment.section)
        if label in by_label:
            by_label[label].comments.append(comment)
        else:
            rest.append(comment)
    return rest
