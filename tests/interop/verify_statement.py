"""Checks vectors with libraries that share no code with the project.

    python3 tests/interop/verify_statement.py [folder of vectors]

Needs the packages cwt and cbor2. Verifies the COSE_Sign1 of every accepted statement with cwt, refuses
each with a bit of its signature changed, and encodes every accepted item of CBOR anew with cbor2: the
bytes have to be the same. Prints what it did; ends with 1 at the first difference.
"""

import json
import pathlib
import sys

import cbor2
import cwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hashlib import sha256

FOLDER = pathlib.Path(__file__).parent / "../../spec/vectors"


def cases(path):
    return [case for case in json.loads(path.read_text()) if "ok" in case["result"]]


def keys():
    """The public keys that the vectors are signed with: secrets of one byte, 32 times."""
    for seed in range(1, 256):
        public = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32).public_key()
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        yield sha256(raw).digest()[:16].hex(), raw


def verifies(statement, kid, raw):
    key = cwt.COSEKey.new({1: 1, 2: bytes.fromhex(kid), 3: -8, -1: 6, -2: raw, 4: [2]})
    try:
        cwt.COSE.new().decode(statement, key)
    except Exception:  # noqa: BLE001, the library has no one class for refusals
        return False
    return True


def statements(folder):
    known = dict(keys())
    count = 0
    for case in cases(folder / "statement" / "accepted.json"):
        statement = bytes.fromhex(case["input"])
        kid = case["result"]["ok"]["kid"]
        protected, unprotected, _, signature = cbor2.loads(statement).value
        header = cbor2.loads(protected)
        assert unprotected == {} and len(signature) == 64, case["name"]
        assert header[1] == -8 and header[4].hex() == kid, case["name"]
        assert header[15][1] == case["result"]["ok"]["iss"], case["name"]
        assert verifies(statement, kid, known[kid]), case["name"]
        changed = statement[:-1] + bytes([statement[-1] ^ 1])
        assert not verifies(changed, kid, known[kid]), case["name"]
        count += 1
    return count


def encode(value):
    """RFC 8949 section 4.2.1. The library's own canonical form sorts keys by length first, as
    RFC 7049 did, so maps are put together here."""
    if isinstance(value, dict):
        parts = sorted((encode(key), encode(item)) for key, item in value.items())
        return head(5, len(parts)) + b"".join(key + item for key, item in parts)
    if isinstance(value, (list, tuple)):
        return head(4, len(value)) + b"".join(encode(item) for item in value)
    return cbor2.dumps(value)


def head(major, count):
    number = cbor2.dumps(count)
    return bytes([number[0] | major << 5]) + number[1:]


def canonical(folder):
    count = 0
    for area, name in (("cbor", "accepted"), ("genesis", "genesis"), ("leaf", "leaf")):
        for case in cases(folder / area / f"{name}.json"):
            item = bytes.fromhex(case["input"])
            assert encode(cbor2.loads(item)) == item, case["name"]
            count += 1
    for case in cases(folder / "statement" / "accepted.json"):
        for part in cbor2.loads(bytes.fromhex(case["input"])).value[0::2]:
            assert encode(cbor2.loads(part)) == part, case["name"]
            count += 1
    return count


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    print(f"statements verified by cwt: {statements(folder)}")
    print(f"items encoded alike by cbor2: {canonical(folder)}")
