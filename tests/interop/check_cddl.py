"""Holds the grammar in spec/cddl to the vectors, with an implementation of CDDL by others.

    python3 tests/interop/check_cddl.py [folder of the specification]

Needs the packages cbor2 and pycddl. Every accepted vector has to fit its rule, and some refused ones in
each area must not. Others do: their encoding, a limit or a rule between fields is wrong, of which CDDL
says nothing. Prints how many of each; ends with 1 at the first that does not fit.

The package knows no range that begins below zero, so that of days is left to the type here; and it
does not follow .cbor out of a tag, so the parts of an envelope are given to it one by one.
"""

import json
import pathlib
import sys

import cbor2
import pycddl

FOLDER = pathlib.Path(__file__).parent / "../../spec"
DAYS = ("day = -25567..84005", "day = int")
HEADERS = {
    "application/concordat+cbor": ("header", "payload"),
    "application/concordat-approved+cbor": ("approved-header", "approved"),
}

class Grammar:
    def __init__(self, folder, *names):
        text = "\n".join((folder / "cddl" / f"{name}.cddl").read_text() for name in names)
        assert "statement" not in names or DAYS[0] in text
        self.text, self.schemas = text.replace(*DAYS), {}

    def fits(self, rule, encoded):
        if rule not in self.schemas:
            self.schemas[rule] = pycddl.Schema(f"root = {rule}\n{self.text}")
        try:
            self.schemas[rule].validate_cbor(encoded)
        except pycddl.ValidationError:
            return False
        return True


def envelope(grammar, encoded):
    """Whether a statement fits, envelope, header, payload and approvals."""
    try:
        tag = cbor2.loads(encoded)
        protected, unprotected, payload, signature = tag.value
        content_type = cbor2.loads(protected)[3]
    except Exception:  # noqa: BLE001, whatever it is that is wrong with the bytes
        return False
    if tag.tag != 18 or unprotected != {} or content_type not in HEADERS:
        return False
    header, content = HEADERS[content_type]
    return (
        all(isinstance(part, bytes) for part in (protected, payload, signature))
        and len(signature) == 64
        and grammar.fits(header, protected)
        and (plain if content == "payload" else approved)(grammar, payload)
    )


def plain(grammar, payload):
    return grammar.fits("payload", payload)


def approved(grammar, payload):
    try:
        parts = cbor2.loads(payload)
        proposal, approvals = parts[1], list(parts[2])
    except Exception:  # noqa: BLE001
        return False
    few = 1 <= len(approvals) <= 16
    each = all(approval(grammar, one) for one in approvals)
    return set(parts) == {1, 2} and few and plain(grammar, proposal) and each


def approval(grammar, encoded):
    try:
        tag = cbor2.loads(encoded)
        protected, unprotected, payload, signature = tag.value
    except Exception:  # noqa: BLE001
        return False
    fixed = tag.tag == 18 and unprotected == {} and payload is None and len(signature) == 64
    return fixed and grammar.fits("approval-header", protected)


def areas(folder):
    statement = Grammar(folder, "statement")
    genesis = Grammar(folder, "genesis", "statement")
    log = Grammar(folder, "log")
    yield "statement", lambda encoded: envelope(statement, encoded)
    yield "genesis", lambda encoded: genesis.fits("genesis", encoded)
    yield "leaf", lambda encoded: log.fits("leaf", encoded)


def main(folder):
    for area, fits in areas(folder):
        accepted = refused = passed = 0
        for path in sorted((folder / "vectors" / area).glob("*.json")):
            for case in json.loads(path.read_text()):
                fit = fits(bytes.fromhex(case["input"]))
                if "ok" in case["result"]:
                    assert fit, f"{path.name}: {case['name']} does not fit"
                    accepted += 1
                elif fit:
                    passed += 1
                else:
                    refused += 1
        assert accepted and refused, area
        print(f"{area}: {accepted} fit, {refused} refused by their shape, {passed} by other rules")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
