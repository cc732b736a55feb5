"""Checks what this client writes against the test vectors of the protocol. Argument: their file."""

import json
import sys

import cbor2
import zstandard

from client import as_they_are, binding, digest_of_heads
from leb import Reader
from record import CHANGE, MAGIC, chunk

with open(sys.argv[1]) as file:
    vectors = json.load(file)
document = bytes.fromhex(vectors["document"])
changes = [(bytes.fromhex(one["bytes"]), bytes.fromhex(one["hash"])) for one in vectors["changes"]]

for change, digest in changes:
    assert change.startswith(MAGIC)
    reader = Reader(change[8:])
    assert reader.take(1)[0] == CHANGE
    assert chunk(CHANGE, reader.text()) == (change, digest)
heads = [bytes.fromhex(head) for head in vectors["heads"]]
assert digest_of_heads(document, heads).hex() == vectors["digest_of_heads"]
assert as_they_are([change for change, _ in changes]).hex() == vectors["as_they_are"]
assert binding(document, [digest for _, digest in changes]).hex() == vectors["binding"]
body = bytes.fromhex(vectors["exchange"]["body"])
plain = zstandard.ZstdDecompressor().decompressobj().decompress(body[1:])
assert (body[0], plain.hex()) == (1, vectors["exchange"]["cbor"])
message = cbor2.loads(plain)
assert cbor2.dumps(message).hex() == vectors["exchange"]["cbor"]
assert message[1][0][0] == document
print("the same")
