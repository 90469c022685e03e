"""Agrees with cbor2 on the bytes of many items, in both directions.

    python3 tests/interop/agree_on_cbor.py < items

Needs the package cbor2. Reads items as JSON, [{"bytes": hex, "value": value}, …], where cbor2 has to
decode the bytes to the value and encode the value canonically to the bytes. Prints as many items of its
own, in the same form. Ends with 1 at the first difference.

A value is {"i": decimal} for an integer, {"b": hex}, {"t": text}, {"l": [value, …]},
{"m": [[value, value], …]}, true, false or null. The keys of a map are of one kind: the canonical form
of cbor2 is that of RFC 7049, which orders keys of several kinds in another way than RFC 8949.
"""

import json
import random
import sys

import cbor2

SEED = 8949


def value_of(shown):
    if not isinstance(shown, dict):
        return shown
    ((kind, content),) = shown.items()
    match kind:
        case "i":
            return int(content)
        case "b":
            return bytes.fromhex(content)
        case "t":
            return content
        case "l":
            return [value_of(item) for item in content]
        case "m":
            return {value_of(key): value_of(item) for key, item in content}
    raise ValueError(kind)


def shown_as(value):
    match value:
        case None | bool():
            return value
        case int():
            return {"i": str(value)}
        case bytes():
            return {"b": value.hex()}
        case str():
            return {"t": value}
        case list():
            return {"l": [shown_as(item) for item in value]}
        case dict():
            return {"m": [[shown_as(key), shown_as(item)] for key, item in value.items()]}
    raise ValueError(value)


def integer(rng, lowest):
    """Integers near the ends of each length as often as any others."""
    bits = rng.choice((4, 5, 8, 16, 32, 63, 64))
    number = rng.choice((rng.getrandbits(bits), (1 << bits) - 1, 1 << min(bits, 63), 23, 24))
    return -1 - number if lowest < 0 and rng.random() < 0.4 else number


def text(rng):
    return "".join(rng.choice("az09 -\u4fe1\u7528\u00e9\U00020000") for _ in range(rng.choice((0, 1, 7, 23, 24, 90))))


def item(rng, depth):
    kind = rng.randrange(5 if depth == 0 else 8)
    match kind:
        case 0 | 1:
            return integer(rng, -1)
        case 2:
            return rng.randbytes(rng.choice((0, 1, 16, 23, 24, 32, 255, 256)))
        case 3:
            return text(rng)
        case 4:
            return rng.choice((None, True, False))
        case 5:
            return [item(rng, depth - 1) for _ in range(rng.choice((0, 1, 2, 5, 24)))]
    key = rng.choice((lambda: integer(rng, 0), lambda: -1 - integer(rng, 0), lambda: text(rng)))
    return {key(): item(rng, depth - 1) for _ in range(rng.choice((0, 1, 3, 9)))}


def main():
    ours = json.load(sys.stdin)
    for place, shown in enumerate(ours):
        encoded, value = bytes.fromhex(shown["bytes"]), value_of(shown["value"])
        assert cbor2.loads(encoded) == value, f"item {place}: another value"
        assert cbor2.dumps(value, canonical=True) == encoded, f"item {place}: other bytes"
    rng = random.Random(SEED)
    theirs = []
    for _ in ours:
        value = item(rng, 3)
        theirs.append({"bytes": cbor2.dumps(value, canonical=True).hex(), "value": shown_as(value)})
    json.dump(theirs, sys.stdout)


if __name__ == "__main__":
    main()
