"""A device that speaks the sync protocol, written from docs/protocol.md. Needs nothing of the library.

Arguments: server address, one-time code. It enrols, fetches its one visit, does it, sends everything, and prints what became of it
as JSON."""

import hashlib
import json
import sys
import time
import urllib.request
import uuid
from datetime import datetime, timezone

import cbor2
import zstandard
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from leb import number, text
from record import Record, Writer

VERSION = 1
MEDIA_TYPE = "application/vnd.jobsheet.sync"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
NEW, TAIL, REVOKED = 0, 1, 2
VERDICTS = ["accepted", "duplicate", "pending", "refused"]


def binding(document, digests):
    return hashlib.sha256(b"jobsheet push 1\0" + document + b"".join(digests)).digest()


def digest_of_heads(document, heads):
    return hashlib.sha256(b"jobsheet heads 1\0" + document + b"".join(sorted(heads))).digest()[:8]


def as_they_are(changes):
    """Changes in the compact form that leaves each as it is."""
    streams = [bytes(len(changes)), b"", b"", b"", b"", b"", b"".join(text(change) for change in changes)]
    return number(len(changes)) + number(0) * 4 + b"".join(text(stream) for stream in streams)


class Device:
    def __init__(self, server, code):
        self.server, self.key = server, ec.generate_private_key(ec.SECP256R1())
        public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        told = self.post("/v1/enrol", {"code": code, "device_name": "python", "public_key": public.hex()})
        self.id, self.person, self.organisation = told["device"], told["technician"], told["organisation"]
        nonce = self.post("/v1/nonce", {"device": self.id})["nonce"]
        self.token = self.post(
            "/v1/token", {"device": self.id, "nonce": nonce, "signature": self.prove(nonce)}
        )["token"]
        self.cursor, self.documents, self.packs = b"", {}, []

    def prove(self, nonce):
        """Signs what says who is asking: canonical JSON, with the low `s`."""
        said = {
            "device": self.id,
            "jobsheet": "device-assertion-1",
            "nonce": nonce,
            "organisation": self.organisation,
        }
        said = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
        r, s = decode_dss_signature(self.key.sign(said, ec.ECDSA(hashes.SHA256())))
        return f"{r:064x}{min(s, ORDER - s):064x}"

    def post(self, path, body):
        request = urllib.request.Request(
            self.server + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def exchange(self, pushes=(), held=None):
        """One exchange. `pushes`: (document, [(change, hash)])."""
        sent = [
            [document, as_they_are([change for change, _ in changes]), binding(document, [d for _, d in changes])]
            for document, changes in pushes
        ]
        message = [self.cursor, sent, self.packs, int(time.time() * 1000), None, None, held]
        body = bytes([VERSION]) + zstandard.ZstdCompressor(write_checksum=True).compress(cbor2.dumps(message))
        headers = {"Content-Type": MEDIA_TYPE, "Authorization": "Bearer " + self.token}
        request = urllib.request.Request(self.server + "/v1/sync", body, headers)
        with urllib.request.urlopen(request) as answer:
            body = answer.read()
        assert body[0] == VERSION, "another version"
        reply = cbor2.loads(zstandard.ZstdDecompressor().decompressobj().decompress(body[1:]))
        reply += [None] * (13 - len(reply))
        for kind, (what,) in reply[1]:
            if kind == NEW:
                self.documents[what[0]] = Record(what[1])
            elif kind == REVOKED:
                self.documents.pop(what, None)
        self.packs += [pack[0] for pack in reply[2]]
        self.cursor = reply[3]
        verdicts = [
            VERDICTS[verdict[0]]
            for _, told in reply[0]
            for _, count, verdict in told
            for _ in range(count)
        ]
        return verdicts, reply

    def first_poke(self):
        request = urllib.request.Request(
            self.server + "/v1/pokes", headers={"Authorization": "Bearer " + self.token}
        )
        with urllib.request.urlopen(request) as stream:
            return [stream.readline().decode().strip() for _ in range(3)]


def main(server, code):
    device = Device(server, code)
    poke = device.first_poke()
    _, reply = device.exchange()
    while reply[4]:
        _, reply = device.exchange()
    (document, record), = device.documents.items()
    writer = Writer(record, uuid.uuid4().bytes)
    now = datetime.now(timezone.utc)
    seconds, at = int(now.timestamp()), now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def entry(**facts):
        return json.dumps({"by": device.person, "at": at, **facts}, ensure_ascii=False)

    changes = [writer.change("say", seconds, [("talk", str(uuid.uuid4()), entry(words="你好 from Python"))])]
    for event in sys.argv[3:]:
        key = str(uuid.uuid4())
        changes.append(writer.change(event, seconds, [("field/events", key, entry(type=event))]))
    # Children first: they wait until their parents come.
    early, _ = device.exchange([(document, changes[-1:])])
    verdicts, reply = device.exchange([(document, changes)])
    again, _ = device.exchange([(document, changes)])
    # Somebody else's document of this bytes is refused.
    foreign, _ = device.exchange([(uuid.uuid4().bytes, changes[:1])])
    # The visit as it is now, whole, and that it is the same when it is compared.
    device.cursor = b""
    device.exchange()
    record = device.documents[document]
    same = [[document, digest_of_heads(document, record.heads)]]
    other = [[document, digest_of_heads(document, [])]]
    _, alike = device.exchange(held=[b"", b"", same])
    _, differs = device.exchange(held=[b"", b"", other])
    print(
        json.dumps(
            {
                "visit": str(uuid.UUID(bytes=document)),
                "poke": poke,
                "early": early,
                "verdicts": verdicts,
                "again": again,
                "foreign": foreign,
                "applied": [str(uuid.UUID(bytes=told[0])) for told in reply[12] or []],
                "heads": [head.hex() for head in record.heads],
                "differed": [alike[11], differs[11]],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
