"""LEB128 numbers and the column encodings of Automerge's storage format."""


class Reader:
    """Reads bytes from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise ValueError("cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def signed(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value - (1 << shift) if byte & 0x40 else value

    def text(self):
        return self.take(self.number())

    def done(self):
        return self.at >= len(self.data)


def number(value):
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        if not value:
            return bytes(out + bytes([byte]))
        out.append(byte | 0x80)


def signed(value):
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        if (value == 0 and not byte & 0x40) or (value == -1 and byte & 0x40):
            return bytes(out + bytes([byte]))
        out.append(byte | 0x80)


def text(data):
    return number(len(data)) + data


def runs(data, item):
    """A run-length encoded column: numbers, texts or None."""
    reader, out = Reader(data), []
    while not reader.done():
        count = reader.signed()
        if count > 0:
            out += [item(reader)] * count
        elif count < 0:
            out += [item(reader) for _ in range(-count)]
        else:
            out += [None] * reader.number()
    return out


def deltas(data):
    total, out = 0, []
    for step in runs(data, Reader.signed):
        total += step or 0
        out.append(None if step is None else total)
    return out


def column(values, item):
    """Writes a run-length encoded column."""
    out, at = b"", 0
    while at < len(values):
        end = at
        while end < len(values) and values[end] == values[at]:
            end += 1
        if values[at] is None:
            out += signed(0) + number(end - at)
        elif end - at > 1:
            out += signed(end - at) + item(values[at])
        else:
            end = at
            while end < len(values) and values[end] is not None and (
                end + 1 >= len(values) or values[end + 1] != values[end]
            ):
                end += 1
            out += signed(at - end) + b"".join(item(value) for value in values[at:end])
        at = end
    return out
