"""p2p-probe against kubo, go-libp2p, js-libp2p and rust-libp2p, and they against it."""
import json
import os
import unittest

from harness import Case, GoPeer, JsPeer, Kubo, Process, RustPeer, records, run, tool


def probe(*args, **kwargs):
    done = run([tool("p2p-probe"), "--json", *args], **kwargs)
    return done.returncode, records(done.stdout), done.stderr


class KuboProbe(Case):
    @classmethod
    def setUpClass(cls):
        cls.kubo = Kubo()
        cls.addClassCleanup(cls.kubo.stop)

    def test_agent_peer_id_protocols_and_ping(self):
        status, (record,), _ = probe("--count", "3", self.kubo.address)
        self.assertEqual(status, 0, record)
        self.assertEqual(record["peer_id"], self.kubo.id)
        self.assertEqual(record["agent"], self.kubo.agent)
        self.assertEqual(sorted(record["protocols"]), sorted(self.kubo.protocols))
        self.assertGreater(record["ping_median_ms"], 0)
        self.assertIn("/ip4/127.0.0.1/tcp/", record["observed_addr"])

    def test_expectations(self):
        self.assertEqual(probe("--expect", "agent=kubo/*", "--expect", "protocol=/ipfs/id/1.0.0",
                               "--expect", f"peer={self.kubo.id}", self.kubo.address)[0], 0)
        status, _, err = probe("--expect", "agent=lotus/*", self.kubo.address)
        self.assertEqual(status, 1)
        self.assertIn("agent", err + str(_))

    def test_wrong_peer_id_names_the_phase(self):
        wrong = "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
        addr = self.kubo.address.rsplit("/p2p/", 1)[0] + "/p2p/" + wrong
        status, out, _ = probe(addr)
        self.assertEqual(status, 1)
        self.assertEqual(out[0]["phase"], "secure")

    def test_kubo_pings_and_identifies_us(self):
        addr = self.answering()
        peer = addr.rsplit("/", 1)[1]
        self.kubo.ipfs("swarm", "connect", addr)
        pong = self.kubo.ipfs("ping", "-n", "3", peer)
        self.assertEqual(pong.count("Pong received"), 3, pong)
        info = json.loads(self.kubo.ipfs("id", peer))
        self.assertEqual(info["ID"], peer)
        self.assertTrue(info["AgentVersion"].startswith("p2p-utils"), info)
        self.assertIn("/ipfs/ping/1.0.0", info["Protocols"])
        self.assertIn(addr, info["Addresses"])


class GoProbe(Case):
    def test_every_identity_type(self):
        for kind in ("ed25519", "secp256k1", "ecdsa", "rsa"):
            with self.subTest(kind=kind):
                peer = self.start(GoPeer("serve", "-key", kind))
                addr = peer.address()
                status, (record,), _ = probe(addr)
                self.assertEqual(status, 0, record)
                self.assertEqual(record["peer_id"], addr.rsplit("/", 1)[1])

    def test_tls_only_peer_is_told_apart(self):
        peer = self.start(GoPeer("serve", "-security", "tls"))
        status, (record,), _ = probe(peer.address())
        self.assertEqual(status, 1)
        self.assertEqual(record["phase"], "negotiate")

    def test_go_pings_us(self):
        addr = self.answering()
        for security in ("noise", "both"):
            pong = run([os.environ["P2P_GOPEER"], "ping", "-security", security, "3", addr])
            self.assertEqual(pong.stdout.count("rtt "), 3, pong)


class JsProbe(Case):
    def test_js_is_probed(self):
        peer = self.start(JsPeer("serve"))
        addr = peer.address()
        status, (record,), _ = probe("--count", "3", addr)
        self.assertEqual(status, 0, record)
        self.assertEqual(record["peer_id"], addr.rsplit("/", 1)[1])
        self.assertIn("js-libp2p", record["agent"])
        self.assertIn("/ipfs/ping/1.0.0", record["protocols"])

    def test_js_pings_us(self):
        peer = self.start(JsPeer("ping", "3", self.answering()))
        self.assertEqual(peer.finish(), 0, peer.errors)
        self.assertEqual(sum(l.startswith("rtt ") for l in peer.lines), 3)


class RustProbe(Case):
    def test_rust_is_probed_with_every_identity_type(self):
        for kind in ("ed25519", "secp256k1", "ecdsa"):
            with self.subTest(kind=kind):
                peer = self.start(RustPeer("serve", "-key", kind))
                addr = peer.address()
                status, (record,), _ = probe("--count", "3", addr)
                self.assertEqual(status, 0, record)
                self.assertEqual(record["peer_id"], addr.rsplit("/", 1)[1])
                self.assertIn("rust-libp2p", record["agent"])
                self.assertIn("/ipfs/ping/1.0.0", record["protocols"])
                self.assertEqual(record["pings"], 3)
                # It asks who we are in its own time; a probe may be gone by then, so one stays.
                self.start(Process([tool("p2p-probe"), "--count", "100", "--interval", "100ms", addr]))
                self.assertTrue(peer.line("peer ").split(" ", 1)[1].startswith("p2p-utils"), peer.lines)

    def test_rust_pings_us(self):
        peer = self.start(RustPeer("ping", "3", self.answering()))
        self.assertEqual(peer.finish(), 0, peer.errors)
        self.assertEqual(sum(l.startswith("rtt ") for l in peer.lines), 3)


if __name__ == "__main__":
    unittest.main()
