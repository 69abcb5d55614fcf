"""A reader of FunctionFS blobs and USB descriptors, written from the tables of the specifications, not from our code.

It takes bytes apart field by field and refuses what a host or the kernel would refuse.
"""

MAGIC_STRINGS, MAGIC_V2 = 2, 3
FLAG_NAMES = {1: "full", 2: "high", 4: "super", 8: "os"}
CLASS = "bInterfaceClass bInterfaceSubClass bInterfaceProtocol"
# bLength and fields of each descriptor type: USB 2.0 tables 9-12 and 9-13, USB 3.2 table 9-28.
TABLES = {
    4: (9, "bInterfaceNumber bAlternateSetting bNumEndpoints " + CLASS + " iInterface"),
    5: (7, "bEndpointAddress bmAttributes wMaxPacketSize bInterval"),
    48: (6, "bMaxBurst bmAttributes wBytesPerInterval"),
}


class Reader:
    def __init__(self, data):
        self.data = bytes(data)
        self.at = 0

    def number(self, size):
        assert self.at + size <= len(self.data), "the blob ends in the middle of a number"
        self.at += size
        return sum(byte << (8 * place) for place, byte in enumerate(self.data[self.at - size : self.at]))

    def bytes(self, size):
        assert self.at + size <= len(self.data), "the blob ends in the middle of a field"
        self.at += size
        return self.data[self.at - size : self.at]

    def text(self):
        end = self.data.index(0, self.at)
        return self.bytes(end - self.at + 1)[:-1].decode()

    @property
    def finished(self):
        return self.at == len(self.data)


def read_descriptors(blob):
    """{"full": [...], "high": [...], "super": [...], "os": [...]} of a version 2 blob."""
    reader = Reader(blob)
    assert reader.number(4) == MAGIC_V2
    assert reader.number(4) == len(blob), "length"
    flags = reader.number(4)
    assert not flags & ~15, "flags that nobody asked for"
    kinds = [FLAG_NAMES[bit] for bit in (1, 2, 4, 8) if flags & bit]
    counts = [(kind, reader.number(4)) for kind in kinds]
    found = {}
    for kind, count in counts:
        read = read_os_descriptor if kind == "os" else read_descriptor
        found[kind] = [read(reader) for _ in range(count)]
    assert reader.finished, "bytes behind the last descriptor"
    return found


def read_descriptor(reader):
    length, kind = reader.number(1), reader.number(1)
    wanted, names = TABLES[kind]
    assert length == wanted, "bLength of type %d" % kind
    fields = {"bDescriptorType": kind}
    for name in names.split():
        fields[name] = reader.number(2 if name[0] == "w" else 1)
    return fields


def read_os_descriptor(reader):
    """A feature descriptor: header, then compatible IDs (wIndex 4) or properties (wIndex 5)."""
    begin = reader.at
    fields = {"interface": reader.number(1), "dwLength": reader.number(4)}
    fields["bcdVersion"], fields["wIndex"] = reader.number(2), reader.number(2)
    if fields["wIndex"] == 4:
        count = reader.number(1)
        assert reader.number(1) == 0
        fields["sections"] = [_compat_section(reader) for _ in range(count)]
    else:
        assert fields["wIndex"] == 5
        fields["sections"] = [_property_section(reader) for _ in range(reader.number(2))]
    assert reader.at - begin == fields["dwLength"], "dwLength"
    return fields


def _compat_section(reader):
    section = {"first": reader.number(1), "reserved": reader.number(1)}
    section["id"], section["sub"] = reader.bytes(8), reader.bytes(8)
    assert reader.bytes(6) == bytes(6)
    return section


def _property_section(reader):
    begin = reader.at
    size, kind = reader.number(4), reader.number(4)
    name = reader.bytes(reader.number(2))
    data = reader.bytes(reader.number(4))
    assert reader.at - begin == size, "dwSize"
    return {"type": kind, "name": name, "data": data}


def read_strings(blob):
    """{language: [names]}"""
    reader = Reader(blob)
    assert reader.number(4) == MAGIC_STRINGS
    assert reader.number(4) == len(blob), "length"
    count, languages = reader.number(4), reader.number(4)
    found = {}
    for _ in range(languages):
        language = reader.number(2)
        found[language] = [reader.text() for _ in range(count)]
    assert reader.finished, "bytes behind the last string"
    return found
