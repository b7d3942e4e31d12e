"""What is wrong with a page as HTML: parsed strictly, as browsers do, and looked through.

The pages of the table are looked at on the answers that test_permission_table.py gets anyway;
test_pages_are_valid.py has all others.
"""

import re
from collections import Counter

import html5lib

from tests import pages

#: Attributes that name ids.
POINTING = """
    for form list headers aria-describedby aria-labelledby aria-controls aria-owns
    aria-activedescendant aria-errormessage aria-details
""".split()
#: What an expert sees is what a visitor sees, except here and where nobody but experts comes.
EXPERTS_OWN = {"home", "my_page", "expert_list", "expert_detail@own", "expert_apply"}
_ALL = pages.views()
VIEWS = [
    view
    for view in _ALL
    if view.role != "expert"
    or view.name in EXPERTS_OWN
    or pages.View("lead", view.name) not in _ALL
]
#: Those behind a step, or with a query string.
BESIDE_THE_TABLE = [
    view for view in VIEWS if view.name in pages.STEPS or view.name in pages.QUERIES
]
#: (verb, role, name in the table): of a POST, the page with the errors of an empty form.
IN_THE_TABLE = {
    *(("GET", view.role, view.name) for view in VIEWS if view not in BESIDE_THE_TABLE),
    *(
        ("POST", role, line.name)
        for line in pages.lines()
        for role in ("visitor", "expert", "partner", "lead")
        if line.expected(role)["POST"] == "2" and line.url_name not in pages.FILES
    ),
}


def errors_of(text: str, fragment: bool = False) -> list[str]:
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree = (parser.parseFragment if fragment else parser.parse)(text)
    source = text.splitlines()
    found = [
        f"{code} {data} in line {place[0]}: {source[min(place[0], len(source)) - 1][:200].strip()}"
        for place, code, data in parser.errors
        if place
    ]
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id") is not None)
    found += [f"id {name!r} stands {times} times" for name, times in ids.items() if times > 1]
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        for attribute in POINTING:
            for name in (element.get(attribute) or "").split():
                if name not in ids and not fragment:
                    found.append(f"{attribute}={name!r} of <{element.tag}> points at nothing")
        link = element.get("href") or ""
        if (
            element.tag == "a"
            and re.fullmatch("#.+", link)
            and link[1:] not in ids
            and not fragment
        ):
            found.append(f"the link {link!r} leads to nothing on the page")
        if element.tag == "img" and element.get("alt") is None:
            found.append(f"<img src={element.get('src')!r}> has no alt")
    if fragment:
        return found
    headings = list(tree.iter("h1"))
    if len(headings) != 1:
        found.append(f"{len(headings)} h1")
    title = (
        "".join(tree.find("head/title").itertext()) if tree.find("head/title") is not None else ""
    )
    if not re.search(r"\w.* – \w", title):
        found.append(f"title {title!r}")
    if tree.get("lang") != "en":
        found.append(f"lang {tree.get('lang')!r}")
    return found
