"""mDNS with js-libp2p and kubo, both ways, in a network namespace where loopback carries multicast."""
import os
import subprocess
import unittest

from harness import Case, JsPeer, Kubo, Process, left_out, run, tool


class Namespace:
    """A network of its own. Made with ip netns, so that several programs can enter it."""

    def __init__(self):
        self.name = f"p2p-mdns-{os.getpid()}"
        self.ip("netns", "add", self.name)
        self.prefix = ("ip", "netns", "exec", self.name)
        for command in (("link", "set", "lo", "up", "multicast", "on"), ("route", "add", "224.0.0.0/4", "dev", "lo")):
            subprocess.run([*self.prefix, "ip", *command], check=True)

    @staticmethod
    def ip(*args):
        subprocess.run(["ip", *args], check=True, capture_output=True, text=True)

    def remove(self):
        self.ip("netns", "delete", self.name)


class Mdns(Case):
    @classmethod
    def setUpClass(cls):
        try:
            cls.namespace = Namespace()
        except (subprocess.CalledProcessError, FileNotFoundError) as why:
            left_out(f"no network namespace: {getattr(why, 'stderr', why)}")
        cls.addClassCleanup(cls.namespace.remove)
        cls.prefix = cls.namespace.prefix

    def multicasting(self):
        return self.answering("--mdns", prefix=self.prefix)

    def found(self, wanted):
        """Whether p2p-discover finds that address, and p2p-probe then the peer."""
        finder = self.start(Process([*self.prefix, tool("p2p-discover"), "mdns", "--for", "30s"]))
        line = finder.wait(lambda lines: next((l for l in lines if wanted in l), None), f"{wanted} to be found")
        probed = run([*self.prefix, tool("p2p-probe")], line + "\n")
        self.assertEqual(probed.returncode, 0, probed)

    def test_js_libp2p(self):
        js = self.start(JsPeer("mdns", prefix=self.prefix))
        self.found(js.address())
        self.assertTrue(js.wait(lambda lines, ours=self.multicasting(): f"found {ours}" in lines, "js to find us"))

    def test_kubo(self):
        kubo = Kubo(mdns=True, prefix=self.prefix)
        self.addCleanup(kubo.stop)
        self.found(kubo.address)
        ours = self.multicasting()
        peer = ours.rsplit("/", 1)[1]
        # kubo connects to whom it finds.
        kubo.daemon.wait(lambda _: peer in kubo.ipfs("swarm", "peers"), "kubo to find and dial us")


if __name__ == "__main__":
    unittest.main()
