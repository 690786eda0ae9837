#!/usr/bin/env python3
"""A CAR of very many tiny blocks, to measure what verifying it takes: N raw blocks of eight bytes, dag-cbor
lists of a thousand links each, and lists of those up to one root. With --backwards leaves come first, as
importers that stream write them; with --drop the last leaf is left out.

usage: many_blocks.py N [--backwards] [--drop] >FILE.car
"""
import hashlib
import sys

FAN = 1000


def cid(codec, data):
    return bytes([1, codec, 0x12, 32]) + hashlib.sha256(data).digest()


def head(size, major):
    if size < 24:
        return bytes([major << 5 | size])
    return bytes([major << 5 | 25]) + size.to_bytes(2, "big")


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def section(name, data):
    return varint(len(name) + len(data)) + name + data


def leaf(number):
    data = number.to_bytes(8, "little")
    return cid(0x55, data), data


def node(children):
    data = head(len(children), 4) + b"".join(b"\xd8\x2a\x58\x25\x00" + c for c in children)
    return cid(0x71, data), data


def main():
    count = int(sys.argv[1])
    backwards, drop = "--backwards" in sys.argv, "--drop" in sys.argv
    out = sys.stdout.buffer
    lists = [node([leaf(n)[0] for n in range(start, min(start + FAN, count))]) for start in range(0, count, FAN)]
    levels = [lists]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node([name for name, _ in below[i:i + FAN]]) for i in range(0, len(below), FAN)])
    root = levels[-1][0][0]
    header = b"\xa2\x65roots\x81\xd8\x2a\x58\x25\x00" + root + b"\x67version\x01"
    out.write(varint(len(header)) + header)

    def leaves():
        for number in range(count - (1 if drop else 0)):
            out.write(section(*leaf(number)))

    if backwards:
        leaves()
    for level in levels if backwards else reversed(levels):
        for each in level:
            out.write(section(*each))
    if not backwards:
        leaves()


main()
