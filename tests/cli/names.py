"""names.py ZONE FILE: a DNS server on 127.0.0.1:53 for tests in a network of their own.

ZONE has lines "NAME TYPE VALUE" (A, AAAA, TXT; NEVER, whatever its value, for a name that is not answered
at all); other names do not exist. Writes FILE once it listens.
"""
import os
import socket
import struct
import sys

TYPES = {"A": 1, "TXT": 16, "AAAA": 28}


def rdata(kind, value):
    if kind == "TXT":
        raw = value.encode()
        return b"".join(bytes([len(raw[i:i + 255])]) + raw[i:i + 255] for i in range(0, len(raw), 255))
    return socket.inet_pton(socket.AF_INET if kind == "A" else socket.AF_INET6, value)


def answer(zone, query):
    end, labels = 12, []
    while query[end]:
        labels.append(query[end + 1:end + 1 + query[end]].decode().lower())
        end += 1 + query[end]
    question = query[12:end + 5]
    kind = struct.unpack(">H", query[end + 1:end + 3])[0]
    name = ".".join(labels)
    if any(n == name and k == "NEVER" for n, k, _ in zone):
        return None
    found = [rdata(k, v) for n, k, v in zone if n == name and TYPES[k] == kind]
    code = 0 if any(n == name for n, _, _ in zone) else 3
    records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(r)) + r for r in found)
    return query[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(found), 0, 0) + question + records


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        zone = [line.rstrip("\n").split(" ", 2) for line in lines if line.strip()]
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    with open(sys.argv[2] + ".new", "w", encoding="ascii") as out:
        out.write("ready\n")
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    while True:
        query, who = server.recvfrom(4096)
        reply = answer(zone, query)
        if reply:
            server.sendto(reply, who)


main()
