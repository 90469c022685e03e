"""Verifies the checkpoint and cosignature that the specification shows, with the Ed25519 of another
library, over bytes put together here from the C2SP pages.

    python3 tests/interop/verify_checkpoint.py [spec/log.md]

Needs the package cryptography. Ends with 1 at the first difference.
"""

import base64
import hashlib
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PAGE = pathlib.Path(__file__).parent / "../../spec/log.md"
LOG, WITNESS = bytes([1]) * 32, bytes([2]) * 32


def example(page):
    """The note, and the message that its witness signed."""
    blocks = page.read_text(encoding="utf-8").split("```\n")
    return blocks[1], blocks[3]


def verifies(secret, message, signature):
    try:
        Ed25519PrivateKey.from_private_bytes(secret).public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True


def key_id(name, kind, secret):
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + raw).digest()[:4]


def signatures(note):
    """The text that is signed, and name, key id and signature of each line."""
    text, _, lines = note.rpartition("\n\n")
    found = []
    for line in lines.splitlines():
        dash, name, encoded = line.split(" ")
        assert dash == "\u2014", line
        blob = base64.b64decode(encoded, validate=True)
        found.append((name, blob[:4], blob[4:]))
    return text + "\n", found


def check(note, cosigned):
    text, ((log, log_id, by_log), (witness, witness_id, by_witness)) = signatures(note)
    origin, size, root = text.splitlines()
    assert log == origin, "the log signs under its own name"
    assert int(size) == 2 and len(base64.b64decode(root, validate=True)) == 32
    assert log_id == key_id(log, 0x01, LOG), "key id of the log"
    assert verifies(LOG, text.encode(), by_log), "signature of the log"
    assert witness_id == key_id(witness, 0x04, WITNESS), "key id of the witness"
    seconds, signature = int.from_bytes(by_witness[:8], "big"), by_witness[8:]
    message = f"cosignature/v1\ntime {seconds}\n{text}"
    assert message == cosigned, "the message that the page shows"
    assert verifies(WITNESS, message.encode(), signature), "cosignature"
    later = message.replace(str(seconds), str(seconds + 1))
    assert not verifies(WITNESS, later.encode(), signature), "cosignature of another time"
    assert not verifies(LOG, text.replace("\n2\n", "\n3\n").encode(), by_log), "another size"


if __name__ == "__main__":
    check(*example(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE))
    print("checkpoint and cosignature verified by cryptography")
