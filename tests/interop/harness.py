"""Peers as processes: started, watched line by line, and ended by their own ids.

Every wait has a deadline and a condition; nothing sleeps and hopes. The programs are found through
P2P_BIN (our tools), P2P_KUBO, P2P_GOPEER, P2P_JSPEER and P2P_RUSTPEER, which scripts/interop sets.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

BIN = pathlib.Path(os.environ["P2P_BIN"])
DEADLINE = 60  # seconds; generous, for a loaded machine: only a failure waits this long


def tool(name):
    return str(BIN / name)


class Process:
    """A running program whose stdout lines are collected as they come."""

    def __init__(self, argv, name=None, env=None, cwd=None):
        self.name = name or pathlib.Path(argv[0]).name
        self.lines = []
        self.errors = []
        self._changed = threading.Condition()
        self.popen = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      text=True, env=dict(os.environ, **(env or {})), cwd=cwd)
        self._readers = [threading.Thread(target=self._collect, args=(stream, into), daemon=True)
                         for stream, into in ((self.popen.stdout, self.lines), (self.popen.stderr, self.errors))]
        for reader in self._readers:
            reader.start()

    def _collect(self, stream, into):
        for line in stream:
            with self._changed:
                into.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait(self, condition, what, deadline=DEADLINE):
        """Waits until condition(lines) is neither None nor False; its value is returned."""
        until = time.monotonic() + deadline
        with self._changed:
            while True:
                value = condition(self.lines)
                if value is not None and value is not False:
                    return value
                left = until - time.monotonic()
                ended = self.popen.poll() is not None and not any(r.is_alive() for r in self._readers)
                if left <= 0 or ended:
                    why = f"it ended with {self.popen.returncode}" if ended else f"{deadline} s passed"
                    raise AssertionError(f"{self.name}: waited for {what}, but {why}; last lines: "
                                         f"{self.lines[-5:]}; stderr: {self.errors[-5:]}")
                self._changed.wait(min(left, 0.5))

    def line(self, prefix, deadline=DEADLINE):
        """The rest of the first line that starts with prefix."""
        return self.wait(lambda lines: next((l[len(prefix):] for l in lines if l.startswith(prefix)), None),
                         f"a line '{prefix}…'", deadline)

    def say(self, text):
        self.popen.stdin.write(text)
        self.popen.stdin.flush()

    def finish(self, deadline=DEADLINE):
        """Closes stdin and returns the exit status."""
        if not self.popen.stdin.closed:
            self.popen.stdin.close()
        status = self.popen.wait(deadline)
        for reader in self._readers:
            reader.join(deadline)
        return status

    def stop(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        for reader in self._readers:
            reader.join(5)
        for stream in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            stream.close()


def left_out(why):
    """Leaves a test out and says why; where P2P_TEST_ALL is set, that is a failure."""
    if os.environ.get("P2P_TEST_ALL"):
        raise AssertionError(f"P2P_TEST_ALL is set, but {why}")
    raise unittest.SkipTest(why)


def run(argv, stdin="", deadline=DEADLINE, env=None):
    """Runs a program to its end."""
    return subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=deadline, check=False,
                          env=dict(os.environ, **(env or {})))


def records(text):
    return [json.loads(line) for line in text.splitlines() if line]


class GoPeer(Process):
    def __init__(self, *args):
        super().__init__([os.environ["P2P_GOPEER"], *args], "gopeer")

    def address(self):
        return self.line("listening ")


class RustPeer(Process):
    def __init__(self, *args):
        super().__init__([os.environ["P2P_RUSTPEER"], *args], "rustpeer")

    def address(self):
        return self.line("listening ")


class JsPeer(Process):
    def __init__(self, *args, prefix=()):
        folder = pathlib.Path(os.environ["P2P_JSPEER"])
        super().__init__([*prefix, "node", "--import", str(folder / "polyfill.mjs"), str(folder / "peer.mjs"), *args],
                         "jspeer")

    def address(self):
        return self.line("listening ")


class Kubo:
    """A kubo daemon of its own repository, on loopback only, without bootstrap peers or telemetry.

    log is kubo's GOLOG_LOG_LEVEL; what it logs is in daemon.errors."""

    def __init__(self, pubsub=False, mdns=False, log="error", prefix=()):
        self.repo = tempfile.mkdtemp(prefix="p2p-kubo-")
        self.env = {"IPFS_PATH": self.repo, "IPFS_TELEMETRY": "off", "GOLOG_LOG_LEVEL": log}
        self.argv = [*prefix, os.environ["P2P_KUBO"]]
        self.ipfs("init", "--profile=test")
        self.ipfs("config", "--json", "Addresses.Swarm", '["/ip4/127.0.0.1/tcp/0"]')
        self.ipfs("config", "--json", "Pubsub.Enabled", "true" if pubsub else "false")
        self.ipfs("config", "--json", "Discovery.MDNS.Enabled", "true" if mdns else "false")
        self.ipfs("config", "--json", "AutoTLS.Enabled", "false")
        self.ipfs("config", "--json", "AutoConf.Enabled", "false")
        self.ipfs("config", "--json", "Bootstrap", "[]")
        self.ipfs("config", "--json", "DNS.Resolvers", "{}")
        self.ipfs("config", "--json", "Routing.DelegatedRouters", "[]")
        self.ipfs("config", "--json", "Ipns.DelegatedPublishers", "[]")
        self.daemon = Process([*self.argv, "daemon"], "kubo", self.env)
        self.daemon.line("Daemon is ready")
        info = json.loads(self.ipfs("id"))
        self.id, self.agent, self.protocols = info["ID"], info["AgentVersion"], info["Protocols"]
        self.address = next(a for a in info["Addresses"] if "/ip4/127.0.0.1/tcp/" in a)

    def ipfs(self, *args, check=True, stdin=""):
        done = run([*self.argv, *args], stdin, env=self.env)
        if check and done.returncode != 0:
            raise AssertionError(f"ipfs {' '.join(args)}: {done.stderr}")
        return done.stdout if check else done

    def start(self, *args):
        return Process([*self.argv, *args], f"ipfs {args[0]}", self.env)

    def stop(self):
        self.daemon.stop()
        shutil.rmtree(self.repo, ignore_errors=True)


class Case(unittest.TestCase):
    """Stops what a test started, in reverse order, whatever happened."""

    def start(self, peer):
        self.addCleanup(peer.stop)
        return peer

    def folder(self):
        path = tempfile.mkdtemp(prefix="p2p-interop-")
        self.addCleanup(shutil.rmtree, path, True)
        return pathlib.Path(path)

    def listening(self, process, file, deadline=DEADLINE):
        """The address a tool of ours wrote with --write-addr."""
        def read(_):
            return file.exists() and (file.read_text().strip() or None)
        return process.wait(read, f"{file.name} to be written", deadline).splitlines()[0]

    def answering(self, *options, prefix=()):
        """The address of a p2p-probe that answers on loopback until the test's end."""
        file = self.folder() / "addr"
        ours = self.start(Process([*prefix, tool("p2p-probe"), "-l", "/ip4/127.0.0.1/tcp/0", "--write-addr", str(file),
                                   *options]))
        return self.listening(ours, file)
