"""The network half: transfer, connections, mining, headers, start-up and memory."""
import os
import pathlib
import subprocess
import time

from common import BENCH, BIN, GIB, GOPEER, KUBO, ROUNDS, output, pinned, show


class Server:
    def __init__(self, argv):
        self.popen = subprocess.Popen(pinned(0, argv), stdout=subprocess.PIPE, text=True)
        self.address = self.popen.stdout.readline().split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.terminate()
        self.popen.wait()


def network():
    ours, go = [BENCH, "serve"], [GOPEER, "serve"]
    clients = {"ours": [BENCH], "go": [GOPEER]}
    up, down, shakes = {}, {}, {}
    with Server(ours) as our_server, Server(go) as go_server:
        servers = {"ours": our_server.address, "go": go_server.address}
        for _ in range(ROUNDS):
            for client, argv in clients.items():
                for server, address in servers.items():
                    pair = f"{client} → {server}"
                    words = output(pinned(1, [*argv, "perf", str(GIB), str(GIB), address])).split()
                    up.setdefault(pair, []).append(GIB / float(words[2]) / 1e6)
                    down.setdefault(pair, []).append(GIB / float(words[4]) / 1e6)
                    words = output(pinned(1, [*argv, "handshakes", "300", address])).split()
                    shakes.setdefault(pair, []).append(int(words[1]) / float(words[2]))
    show("Upload, Noise and yamux, /perf/1.0.0, 1 GiB (client → server)", "MB/s", up, "ours → ours")
    show("Download, the same", "MB/s", down, "ours → ours")
    show("Connections one after the other (TCP, Noise, yamux)", "a second", shakes, "ours → ours")


def mining():
    rates = {}
    for _ in range(ROUNDS):
        for line in output(pinned(1, [BENCH, "mine", "1"])).splitlines():
            words = line.split()
            if words[2] != "unavailable":
                rates.setdefault(words[1], []).append(int(words[2]) / float(words[3]) / 1e6)
    # The first is what the miner takes.
    show("Proof of work, one core", "million hashes a second", rates, next(iter(rates)))


def headers():
    file = pathlib.Path(os.environ.get("P2P_TEST_DATA", "/nonexistent")) / "bitcoin-headers/mainnet_0-10236.bin"
    if not file.exists():
        print("\nHeader validation: left out, P2P_TEST_DATA is not set.")
        return
    rates = []
    for _ in range(ROUNDS):
        words = output(pinned(1, [BENCH, "headers", str(file)])).split()
        rates.append(int(words[1]) / float(words[2]) / 1e6)
    show("Bitcoin mainnet headers, all rules, one core", "million a second", {"ours": rates}, "ours")


def start_up(folder):
    env = dict(os.environ, IPFS_PATH=str(folder / "ipfs"))
    tools = ["p2p-hash", "p2p-probe", "p2p-discover", "p2p-gossip", "p2p-chain"]
    commands = {f"{tool} --help": [str(BIN / tool), "--help"] for tool in tools}
    commands["ipfs --help"] = [KUBO, "--help"]
    millis, mib = {}, {}
    for _ in range(ROUNDS * 4):
        for name, argv in commands.items():
            start = time.monotonic()
            subprocess.run(argv, stdout=subprocess.DEVNULL, env=env, check=False)
            millis.setdefault(name, []).append((time.monotonic() - start) * 1000)
            # Through time(1): the peak of a child of this process would begin with our own size.
            peak = subprocess.run(["/usr/bin/time", "-f", "%M", *argv], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True, env=env, check=False).stderr
            mib.setdefault(name, []).append(int(peak.split()[-1]) / 1024)
    show("Start to end of --help", "ms", millis, "p2p-probe --help", higher_is_better=False)
    show("Memory of the same, at most", "MiB", mib, "p2p-probe --help", higher_is_better=False)


def rss_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def idle_memory(folder):
    env = dict(os.environ, IPFS_PATH=str(folder / "ipfs"), IPFS_TELEMETRY="off")
    rows = {}
    with Server([BENCH, "serve"]) as ours, Server([GOPEER, "serve"]) as go:
        output([KUBO, "config", "--json", "Addresses.Swarm", '["/ip4/127.0.0.1/tcp/0"]'], env=env)
        output([KUBO, "config", "--json", "AutoConf.Enabled", "false"], env=env)
        output([KUBO, "config", "--json", "Bootstrap", "[]"], env=env)
        output([KUBO, "config", "--json", "DNS.Resolvers", "{}"], env=env)
        output([KUBO, "config", "--json", "Routing.DelegatedRouters", "[]"], env=env)
        output([KUBO, "config", "--json", "Ipns.DelegatedPublishers", "[]"], env=env)
        kubo = subprocess.Popen([KUBO, "daemon"], env=env, stdout=subprocess.PIPE, text=True)
        for line in kubo.stdout:
            if "Daemon is ready" in line:
                break
        rows["our host, listening"] = [rss_mib(ours.popen.pid)]
        rows["go-libp2p, listening"] = [rss_mib(go.popen.pid)]
        rows["kubo daemon"] = [rss_mib(kubo.pid)]
        kubo.terminate()
        kubo.wait()
    show("Resident memory of an idle peer", "MiB", rows, "our host, listening", higher_is_better=False)


def run(folder):
    network()
    mining()
    headers()
    output([KUBO, "init", "--profile=test"], env=dict(os.environ, IPFS_PATH=str(folder / "ipfs")))
    start_up(folder)
    idle_memory(folder)
