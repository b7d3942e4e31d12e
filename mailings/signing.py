"""DKIM (RFC 6376): the portal signs what it sends, where no mail server behind it does.

Off unless DKIM_SELECTOR and DKIM_KEY_FILE are set (docs/decisions/0093); then nothing is imported.
"""

from pathlib import Path

from django.conf import settings

SHORTEST = 2048  # bits; shorter keys count as no signature at large providers
#: Whoever changes, adds or drops one of these on the way breaks the signature. RFC 8058 asks for
#: both headers of one click; without those of MIME a body could be read otherwise.
SIGNED = (
    *("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Language"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "List-Post", "List-Help"),
    *("List-Owner", "List-Archive", "Archived-At", "Auto-Submitted", "Precedence"),
)


def read_key(file: str) -> bytes:
    """The RSA key in this file of PEM, as the library wants it. Raises ValueError: a sentence."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    try:
        key = serialization.load_pem_private_key(Path(file).read_bytes(), password=None)
    except OSError as error:
        raise ValueError(f"The file of the key cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError):
        raise ValueError("The file holds no private key in PEM without a password.") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < SHORTEST:
        raise ValueError(f"The key is no RSA key of {SHORTEST} bits or more.")
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def signed(content: bytes) -> bytes:
    """The message, of CRLF, with its signature above it; as it came where signing is off."""
    if not settings.DKIM_SELECTOR:
        return content
    import dkim

    message = dkim.DKIM(content)
    there = {name.lower() for name, _value in message.headers}
    names = [name.lower().encode() for name in SIGNED]
    # From once more than it stands there, so that nobody can add another one
    return (
        message.sign(
            settings.DKIM_SELECTOR.encode(),
            settings.MAIL_DOMAIN.encode("idna"),
            settings.DKIM_KEY,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[b"from", *(name for name in names if name in there)],
        )
        + content
    )
