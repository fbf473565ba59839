"""A link between two network namespaces of this machine, and transfers over it by the kernel's TCP.

The link is `tc netem` on a veth pair where the kernel has it. Where it has not, it is a program here between two tun
devices that does the same to packets: a queue, a rate, a delay, independent loss. Everything stays inside the namespaces.
"""
import fcntl
import heapq
import json
import os
import pathlib
import random
import select
import socket
import struct
import subprocess
import sys
import time

QUEUE = 1000  # packets
SERVER, CLIENT = "10.9.0.1", "10.9.0.2"
PORT = 1883
HERE = pathlib.Path(__file__).resolve()


class Unavailable(Exception):
    """Why this machine cannot do it."""


def sh(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(f"`{' '.join(command)}`: {(done.stderr or done.stdout).strip().splitlines()[-1]}")


def unshare(*command, **more):
    """A program in a network namespace of its own; without root in a user namespace, too."""
    how = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urn"]
    return subprocess.Popen([*how, *command], **more)


def netem_trouble():
    """What keeps this kernel from `tc netem`; nothing if it can."""
    script = "ip link add v0 type veth peer name v1 && tc qdisc add dev v0 root netem delay 1ms"
    probe = unshare("sh", "-c", script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    told = probe.communicate()[0].strip()
    if probe.returncode == 0:
        return "" if os.geteuid() == 0 else "joining two namespaces by veth needs root"
    return told.splitlines()[-1] if told else f"exit code {probe.returncode}"


# ---- Inside the namespaces ----------------------------------------------------------------------


def open_tun(own, peer):
    TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"wan0", IFF_TUN | IFF_NO_PI))
    sh("ip", "address", "add", own, "peer", peer, "dev", "wan0")
    sh("ip", "link", "set", "dev", "wan0", "mtu", "1500", "txqueuelen", str(QUEUE), "up")
    return tun


def use_cubic(sock):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def forget_rack():
    """RACK and the probes for lost tails, which ns-3.37 has not, in this namespace."""
    for setting in ("tcp_recovery", "tcp_early_retrans"):
        pathlib.Path("/proc/sys/net/ipv4", setting).write_text("0")


def serve(size):
    """Four bytes, as many as PUBACK has, for each message."""
    listener = socket.create_server((SERVER, PORT))
    use_cubic(listener)
    print("ready", flush=True)
    connection, _ = listener.accept()
    received = answered = 0
    while data := connection.recv(1 << 16):
        received += len(data)
        while (answered + 1) * size <= received:
            connection.sendall(b"puba")
            answered += 1


def transfer(size, count):
    """Seconds from the first byte of the first message to the last answer."""
    connection = socket.create_connection((SERVER, PORT), timeout=60)
    use_cubic(connection)
    connection.setblocking(False)
    unsent, answers, began = memoryview(bytes(size * count)), 0, time.monotonic()
    while answers < 4 * count:
        readable, writable, _ = select.select([connection], [connection] if unsent else [], [], 60)
        if not readable and not writable:
            sys.exit("nothing has moved for a minute")
        if writable:
            unsent = unsent[connection.send(unsent):]
        if readable:
            answers += len(connection.recv(1 << 16))
    print(json.dumps(time.monotonic() - began), flush=True)


def end(role, how, channel, size, count, tcp):
    """One end: makes its device, hands it over (tun) or waits for it (veth), and plays its part."""
    own, peer = (SERVER, CLIENT) if role == "server" else (CLIENT, SERVER)
    parent = socket.socket(fileno=channel)
    if tcp == "without-rack":
        forget_rack()
    if how == "tun":
        socket.send_fds(parent, [b"t"], [open_tun(own, peer)])
    else:
        parent.sendall(b"t")
    parent.recv(1)  # the link stands
    if how == "veth":
        sh("ip", "address", "add", own, "peer", peer, "dev", "wan0")
        sh("ip", "link", "set", "dev", "wan0", "up", "gso_max_segs", "1", "txqueuelen", str(QUEUE))
    serve(size) if role == "server" else transfer(size, count)


# ---- Outside ------------------------------------------------------------------------------------


class Direction:
    """What a link does to packets, in the order in which netem does it: loss, rate, delay."""

    def __init__(self, into, rate, delay, loss, chance):
        self.into, self.rate, self.delay, self.loss, self.chance = into, rate, delay, loss, chance
        self.free_at, self.under_way, self.waiting = 0.0, [], []

    def take(self, packet, now):
        if self.loss and self.chance.random() < self.loss:
            return
        while self.waiting and self.waiting[0] <= now:
            heapq.heappop(self.waiting)
        if len(self.waiting) == QUEUE:
            return
        begins = max(now, self.free_at)
        self.free_at = begins + (len(packet) * 8 / self.rate if self.rate else 0)
        heapq.heappush(self.waiting, begins)
        self.under_way.append((self.free_at + self.delay, packet))

    def give(self, now):
        due = 0
        while due < len(self.under_way) and self.under_way[due][0] <= now:
            os.write(self.into, self.under_way[due][1])
            due += 1
        del self.under_way[:due]


def carry(server, client, link, program, seed):
    """Packets between the two tun devices, until the program ends."""
    chance = random.Random(seed)
    up = Direction(server, link["rate"], link["delay"], link["loss"], chance)
    down = Direction(client, link["rate"], link["delay"], 0, chance)
    for tun in (server, client):
        os.set_blocking(tun, False)
    while program.poll() is None:
        due = [one.under_way[0][0] for one in (up, down) if one.under_way]
        wait = max(0.0, min(due) - time.monotonic()) if due else 0.1
        for tun in select.select([server, client], [], [], wait)[0]:
            try:
                while True:
                    (up if tun == client else down).take(os.read(tun, 2048), time.monotonic())
            except BlockingIOError:
                pass
        for one in (up, down):
            one.give(time.monotonic())


def join_by_veth(link, server, client):
    sh("ip", "link", "add", "wan0", "netns", str(server.pid), "type", "veth", "peer", "name", "wan0", "netns", str(client.pid))
    for program, loss in ((server, 0), (client, link["loss"])):
        netem = ["delay", f"{1e3 * link['delay']}ms", "limit", str(QUEUE + int(10 + link["delay"] * 1e5))]
        netem += ["loss", f"{100 * loss}%"] if loss else []
        netem += ["rate", f"{int(link['rate'])}bit", "-14"] if link["rate"] else []
        sh("nsenter", "-t", str(program.pid), "-n", "tc", "qdisc", "add", "dev", "wan0", "root", "netem", *netem)


def seconds(link, size, count, seed, how, tcp="as-it-is"):
    """Of the transfer of so many messages of that size; `link` has rate (bit/s or 0), delay and loss (upwards), `tcp` is
    `as-it-is` or `without-rack`."""
    channels, programs = [], []
    try:
        for role in ("server", "client"):
            ours, theirs = socket.socketpair()
            command = [sys.executable, str(HERE), role, how, str(theirs.fileno()), str(size), str(count), tcp]
            programs.append(unshare(*command, pass_fds=[theirs.fileno()], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True))
            theirs.close()
            channels.append(ours)
        server, client = programs
        tuns = []
        for program, channel in zip(programs, channels):
            channel.settimeout(20)
            data, fds, _, _ = socket.recv_fds(channel, 1, 1)
            if not data:
                raise Unavailable((program.communicate(timeout=5)[1].strip().splitlines() or ["it ended"])[-1])
            tuns += fds
        if how == "veth":
            join_by_veth(link, server, client)
        channels[0].sendall(b"g")
        if server.stdout.readline() != "ready\n":
            raise Unavailable((server.communicate(timeout=5)[1].strip().splitlines() or ["it ended"])[-1])
        channels[1].sendall(b"g")
        if how == "tun":
            carry(*tuns, link, client, seed)
        told, trouble = client.communicate(timeout=600)
        if client.returncode != 0:
            raise Unavailable((trouble.strip().splitlines() or ["it ended"])[-1])
        return json.loads(told)
    finally:
        for program in programs:
            program.kill()
            program.wait()
            for stream in (program.stdout, program.stderr):
                stream.close()
        for channel in channels:
            channel.close()
        for tun in locals().get("tuns", []):
            os.close(tun)


def means():
    """How links can be made here: ("veth", "") or ("tun", why not netem). Unavailable if neither."""
    trouble = netem_trouble()
    how = "tun" if trouble else "veth"
    seconds({"rate": 0, "delay": 0.001, "loss": 0}, 1000, 1, 1, how)  # it works, or says why not
    return how, trouble


if __name__ == "__main__":
    end(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
