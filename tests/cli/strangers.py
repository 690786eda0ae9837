"""strangers.py KIND FILE: a TCP server on loopback that is no libp2p peer, in one of several ways.

Writes its multiaddr to FILE once it listens.
"""
import os
import signal
import socket
import sys
import threading
import time


def until_closed(client):
    while client.recv(4096):
        pass


def silent(client):
    until_closed(client)


def garbage(client):
    client.sendall(bytes(range(256)) * 16)
    until_closed(client)


def trickle(client):
    """What a peer would say, one byte every 5 s."""
    for byte in b"\x13/multistream/1.0.0\n":
        client.sendall(bytes([byte]))
        time.sleep(5)


def http(client):
    client.recv(4096)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def ssh(client):
    client.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    until_closed(client)


def tls(client):
    client.recv(4096)
    client.sendall(b"\x15\x03\x01\x00\x02\x02\x46")


def hangup(_):
    pass


def no_noise(client):
    """A libp2p peer that speaks another security protocol only."""
    client.sendall(b"\x13/multistream/1.0.0\n\x03na\n")
    until_closed(client)


def noise_garbage(client):
    """Agrees to /noise, and then answers the handshake with nonsense."""
    client.sendall(b"\x13/multistream/1.0.0\n\x07/noise\n" + b"\x00\x60" + bytes(96))
    until_closed(client)


def closed(_):
    """Nobody gets here: the port is held, so that no other program takes it, and does not listen."""


def main():
    kind, file = sys.argv[1:]
    serve = globals()[kind]
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    if serve is not closed:
        server.listen(8)
    with open(file + ".new", "w", encoding="ascii") as out:
        out.write(f"/ip4/127.0.0.1/tcp/{server.getsockname()[1]}\n")
    os.rename(file + ".new", file)

    def one(client):
        with client:
            try:
                serve(client)
            except OSError:
                pass

    if serve is closed:
        signal.pause()
    while True:
        threading.Thread(target=one, args=(server.accept()[0],), daemon=True).start()


main()
