#!/usr/bin/env python3
"""A SOCKS5 proxy for tests: prints its port, serves until it is killed. With two arguments it asks
for that user and password. The name "broker.in.the.dark" is this machine."""
import socket
import sys
import threading

login = [word.encode() for word in sys.argv[1:3]]


def exactly(peer, count):
    data = b""
    while len(data) < count:
        more = peer.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def counted(peer):
    return exactly(peer, exactly(peer, 1)[0])


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(peer):
    exactly(peer, 1)
    methods = counted(peer)
    method = 2 if login else 0
    if method not in methods:
        return peer.sendall(b"\x05\xff")
    peer.sendall(bytes([5, method]))
    if login:
        exactly(peer, 1)
        right = [counted(peer), counted(peer)] == login
        peer.sendall(b"\x01\x00" if right else b"\x01\x01")
        if not right:
            return peer.close()
    kind = exactly(peer, 4)[3]
    host = counted(peer).decode() if kind == 3 else socket.inet_ntoa(exactly(peer, 4))
    port = int.from_bytes(exactly(peer, 2), "big")
    host = {"broker.in.the.dark": "127.0.0.1"}.get(host, host)
    print(f"asked for {host}", flush=True)
    try:
        broker = socket.create_connection((host, port))
    except OSError:
        return peer.sendall(b"\x05\x05\x00\x01" + bytes(6))
    peer.sendall(b"\x05\x00\x00\x01" + bytes(6))
    threading.Thread(target=copy, args=(broker, peer), daemon=True).start()
    copy(peer, broker)


def serve_quietly(peer):
    try:
        serve(peer)
    except (EOFError, OSError):
        peer.close()


listener = socket.create_server(("127.0.0.1", 0))
print(f"port {listener.getsockname()[1]}", flush=True)
while True:
    threading.Thread(target=serve_quietly, args=(listener.accept()[0],), daemon=True).start()
