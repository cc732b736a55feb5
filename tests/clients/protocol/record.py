"""Just enough of Automerge's storage format to find the containers of a record and to write entries into them."""

import hashlib
import zlib

from leb import Reader, column, deltas, number, runs, signed, text

MAGIC = bytes.fromhex("856f4a83")
DOCUMENT, CHANGE, DEFLATED = 0, 1, 8
MAKE_MAP, SET = 0, 1
STRING = 6


def columns(reader):
    """Specifications and data of columns."""
    specs = [(reader.number(), reader.number()) for _ in range(reader.number())]
    return specs


def data_of(reader, specs):
    found = {}
    for spec, length in specs:
        data = reader.take(length)
        if spec & DEFLATED:
            spec, data = spec & ~DEFLATED, zlib.decompress(data, -15)
        found[spec] = data
    return found


def chunk(kind, body):
    """A chunk, and its hash."""
    rest = bytes([kind]) + number(len(body)) + body
    digest = hashlib.sha256(rest).digest()
    return MAGIC + digest[:4] + rest, digest


class Record:
    """A document: its heads, its containers, and where the next change goes."""

    def __init__(self, snapshot):
        reader = Reader(snapshot)
        assert reader.take(4) == MAGIC, "no chunk of Automerge"
        checksum, kind = reader.take(4), reader.take(1)[0]
        assert kind == DOCUMENT, "no document"
        body = reader.text()
        assert hashlib.sha256(snapshot[8 : reader.at]).digest()[:4] == checksum, "damaged"
        reader = Reader(body)
        self.actors = [reader.text() for _ in range(reader.number())]
        self.heads = sorted(reader.take(32) for _ in range(reader.number()))
        of_changes = columns(reader)
        of_operations = columns(reader)
        changes = data_of(reader, of_changes)
        operations = data_of(reader, of_operations)
        self.last_op = max((top or 0 for top in deltas(changes[0x13])), default=0)
        self.containers = self._containers(operations)

    def _containers(self, operations):
        """Maps by their path from the root, as (counter, actor)."""
        whole = lambda spec: runs(operations.get(spec, b""), Reader.number)
        object_actor, object_counter = whole(0x01), whole(0x02)
        keys = runs(operations.get(0x15, b""), Reader.text)
        id_actor, id_counter = whole(0x21), deltas(operations.get(0x23, b""))
        actions = whole(0x42)
        paths = {None: ""}
        for at, action in enumerate(actions):
            if action != MAKE_MAP:
                continue
            parent = None
            if at < len(object_counter) and object_counter[at] is not None:
                parent = (object_counter[at], self.actors[object_actor[at]])
            own = (id_counter[at], self.actors[id_actor[at]])
            paths[own] = paths[parent] + "/" + keys[at].decode()
        return {path[1:]: own for own, path in paths.items() if own}


class Writer:
    """Writes changes under one actor, each on top of the last."""

    def __init__(self, record, actor):
        self.actor, self.seq = actor, 0
        self.deps, self.next_op = record.heads, record.last_op + 1
        self.containers = record.containers

    def change(self, name, time, entries):
        """A change named after its command that puts texts under new keys of containers: (path, key, text)."""
        objects = [self.containers[path] for path, _, _ in entries]
        others = sorted({actor for _, actor in objects} - {self.actor})
        place = {actor: at for at, actor in enumerate([self.actor, *others])}
        values = [entry[2].encode() for entry in entries]
        many = len(entries)
        data = [
            (0x01, column([place[actor] for _, actor in objects], number)),
            (0x02, column([counter for counter, _ in objects], number)),
            (0x15, column([key.encode() for _, key, _ in entries], text)),
            # None of them is inserted into a list: one run of so many times no.
            (0x34, number(many)),
            (0x42, column([SET] * many, number)),
            (0x56, column([len(value) << 4 | STRING for value in values], number)),
            (0x57, b"".join(values)),
            (0x70, column([0] * many, number)),
        ]
        self.seq += 1
        body = number(len(self.deps)) + b"".join(sorted(self.deps))
        body += text(self.actor) + number(self.seq) + number(self.next_op) + signed(time) + text(name.encode())
        body += number(len(others)) + b"".join(text(actor) for actor in others)
        body += number(len(data)) + b"".join(number(spec) + number(len(bytes_)) for spec, bytes_ in data)
        body += b"".join(bytes_ for _, bytes_ in data)
        whole, digest = chunk(CHANGE, body)
        self.deps, self.next_op = [digest], self.next_op + many
        return whole, digest
