"""What our own mail server found out about a sender: the Authentication-Results header (RFC 8601).

Anyone can write such a header, also with our server's name in it. Section 5 asks that only those of
one's own server are believed and that the server removes forged ones as a mail comes in. Here a
header counts when both are true:

1. Its authserv-id is ours; upper and lower case are the same.
2. It stands above the first Received header of the message. That one our server wrote when the
   mail came in; what a stranger wrote stands below it.

Some servers write their results below their own Received header (a milter that inserts at 1, as
OpenDKIM and OpenDMARC do), or pass the mail on to another of their own before it comes here, which
adds a Received header on top. For those, `hops` is the number of Received headers that
our own servers put above their results, and rule 2 counts from there. Then nothing but the server
itself keeps a stranger's header out, and it must remove those with our name. A message with fewer
than `hops` + 1 Received headers has no results that count.
"""

import copy
from collections.abc import Iterator
from email.message import EmailMessage

import authres

_NAME = "authentication-results"
_LONGEST = 4000  # characters of one header; a longer one is not believed
_MOST = 20  # headers that are looked at
_FEATURES = authres.all_features()


def trusted(message: EmailMessage, authserv_id: str, hops: int = 0) -> EmailMessage:
    """A copy without the Authentication-Results headers that our own server did not write.

    The other headers are the same in the same order; the body is shared with the original. A header
    that cannot be parsed is removed, too. Never raises.
    """
    own = {position for position, _header in _own(message, authserv_id, hops)}
    headers = list(message.raw_items())
    clean = copy.copy(message)
    for name in set(clean.keys()):
        del clean[name]
    for position, (name, value) in enumerate(headers):
        if name.lower() != _NAME or position in own:
            clean.set_raw(name, value)
    return clean


def verdicts(message: EmailMessage, authserv_id: str, hops: int = 0) -> dict[str, str]:
    """What our server says, by method, in lower case: {"spf": "pass", "dmarc": "fail"}.

    Empty where it says nothing. A method that stands in several headers counts as in the topmost;
    in one header (several DKIM signatures) a pass counts before the first other result.
    """
    found: dict[str, str] = {}
    for _position, header in _own(message, authserv_id, hops):
        here: dict[str, str] = {}
        for result in header.results:
            if here.get(result.method) is None or result.result == "pass":
                here[result.method] = result.result
        found = here | found
    return found


def is_forged(message: EmailMessage, authserv_id: str, hops: int = 0) -> bool:
    """Does our server say that the sender is not who the message says?

    That is dmarc=fail (RFC 7489 section 11.2) or, where DMARC gave neither pass nor fail, both
    spf=fail (RFC 7208 section 2.6.4) and dkim=fail. Softfail, none, errors and silence prove
    nothing: who needs a true sender asks `verdicts` for a pass instead.
    """
    found = verdicts(message, authserv_id, hops)
    if found.get("dmarc") in ("pass", "fail"):
        return found["dmarc"] == "fail"
    return found.get("spf") == "fail" and found.get("dkim") == "fail"


def vouches_for(message: EmailMessage, address: str, authserv_id: str, hops: int = 0) -> bool:
    """Does our server say that the domain of this address stands behind the message?

    That is dmarc=pass for that domain or, where there is no word on DMARC, dkim=pass with a
    signature of that domain or of one above it (RFC 7489 section 3.1.1). Without a name of our
    own server nothing is vouched for.
    """
    domain = address.rpartition("@")[2].lower()
    if not domain or not authserv_id or is_forged(message, authserv_id, hops):
        return False
    signed = False
    for _position, header in _own(message, authserv_id, hops):
        for result in header.results:
            if result.method == "dmarc":
                named = _property(result, "from").rpartition("@")[2]
                return result.result == "pass" and named in ("", domain)
            signer = _property(result, "d")
            if result.method == "dkim" and result.result == "pass" and "." in signer:
                signed |= domain == signer or domain.endswith(f".{signer}")
    return signed


def _property(result, name: str) -> str:
    """Of the header that a result is about: `header.from`, `header.d`."""
    for one in result.properties:
        if one.type == "header" and one.name == name:
            return str(one.value or "").strip().lower()
    return ""


def _own(
    message: EmailMessage, authserv_id: str, hops: int
) -> Iterator[tuple[int, authres.core.AuthenticationResultsHeader]]:
    """Our server's headers from the top, each with its position among all headers."""
    headers = list(message.raw_items())
    received = [n for n, (name, _value) in enumerate(headers) if name.lower() == "received"]
    if len(received) <= hops:
        return
    above = headers[: received[hops]]
    places = [n for n, (name, _value) in enumerate(above) if name.lower() == _NAME]
    for position in places[:_MOST]:
        header = _parsed(str(above[position][1]))
        if header and header.authserv_id == authserv_id.strip().lower():
            yield position, header


def _parsed(value: str) -> authres.core.AuthenticationResultsHeader | None:
    if len(value) > _LONGEST:
        return None
    # Odd letters of a stranger's address must not hide what our server says of it
    value = "".join(letter if " " <= letter <= "~" else "?" for letter in " ".join(value.split()))
    try:
        return _FEATURES.parse_value(value.rstrip("; "))
    except (authres.AuthResError, ValueError, RecursionError):  # nested comments recurse
        return None
