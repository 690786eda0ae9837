"""CARs against kubo (and so go-car): ours are its `ipfs dag export` byte for byte and it imports them, we verify and
extract its own; proofs are what its gateway answers to entity-bytes.

P2P_SEED chooses other content.
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import DEADLINE, Kubo, tool  # noqa: E402

SEED = int(os.environ.get("P2P_SEED", "20260101"))
CHUNK = 256 * 1024


class Cars(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"P2P_SEED={SEED}", file=sys.stderr)
        cls.kubo = Kubo()
        cls.addClassCleanup(cls.kubo.stop)
        cls.gateway = (pathlib.Path(cls.kubo.repo) / "gateway").read_text(encoding="ascii").strip()

    def setUp(self):
        self.rng = random.Random(f"{SEED} {self.id()}")
        self.cwd = pathlib.Path(tempfile.mkdtemp(prefix="p2p-cars-"))
        self.addCleanup(shutil.rmtree, self.cwd, ignore_errors=True)

    def ours(self, *args, status=0, stdin=None):
        done = subprocess.run([tool("p2p-hash"), *args], cwd=self.cwd, input=stdin, capture_output=True, timeout=DEADLINE,
                              check=False)
        self.assertEqual(done.returncode, status, f"p2p-hash {args}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def ipfs(self, *args, stdin=None):
        env = dict(os.environ, **self.kubo.env)
        done = subprocess.run([*self.kubo.argv, *args], cwd=self.cwd, env=env, input=stdin, capture_output=True,
                              timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 0, f"ipfs {args}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def tree(self):
        tree = self.cwd / "tree"
        for folder in ("sub/deep", "empty", "large"):
            (tree / folder).mkdir(parents=True)
        for name, size in (("nothing", 0), ("one", 1), ("chunk", CHUNK), ("over", CHUNK + 1), ("sub/big", 9 * CHUNK + 77)):
            (tree / name).write_bytes(self.rng.randbytes(size))
        (tree / "sub/zeros").write_bytes(bytes(5 * CHUNK))  # one block, many links to it
        (tree / "sub/deep/é").write_text("é", encoding="utf-8")
        (tree / "sub/deep/link").symlink_to("../../one")
        for number in range(2500):  # sharded
            (tree / "large" / f"{number:0100d}").write_text(str(number % 7), encoding="ascii")
        return tree

    FLAGS = ((), ("--cid-version=1",), ("--cid-version=1", "--chunker=size-1000"), ("--trickle",), ("--inline",),
             ("--raw-leaves", "--chunker=rabin"), ("--cid-version=1", "--hash=blake2b-256"),
             ("--cid-version=1", "--hash=shake-256"), ("--cid-version=1", "--hash=blake2b-160"))

    def test_ours_are_what_kubo_exports(self):
        self.tree()
        for flags in self.FLAGS:
            with self.subTest(flags=flags):
                root = self.ipfs("add", "-Q", "-r", *flags, "tree").decode().strip()
                exported = self.ipfs("dag", "export", root)
                mine = [flag.replace("--hash=", "--algorithm=").replace("--chunker=rabin", "--chunker=rabin-87381-262144-393216")
                        for flag in flags]
                line = self.ours("--cid", "-r", *mine, "--car", "ours.car", "tree").decode()
                self.assertEqual(line.split()[0], root)
                self.assertTrue((self.cwd / "ours.car").read_bytes() == exported, "other bytes")
                self.assertTrue(self.ours("--cid", "-q", "-r", *mine, "--car", "-", "tree") == exported, "other in a pipe")

    def test_kubo_imports_ours(self):
        self.tree()
        for version in ("1", "2"):
            with self.subTest(version=version):
                line = self.ours("--cid", "-r", "--cid-version=1", "--car", "ours.car", "--car-version", version, "tree",
                                 "tree/one").decode()
                roots = [each.split()[0] for each in line.splitlines()]
                out = self.ipfs("dag", "import", "--stats", "--pin-roots", "--enc=json", "ours.car").decode()
                answers = [json.loads(each) for each in out.splitlines()]
                pinned = {each["Root"]["Cid"]["/"]: each["Root"]["PinErrorMsg"] for each in answers if each.get("Root")}
                self.assertEqual(pinned, {root: "" for root in roots})
                stats = next(each["Stats"] for each in answers if each.get("Stats"))
                blocks = self.ipfs("refs", "-r", "-u", roots[0]).decode().split()
                self.assertEqual(stats["BlockCount"], len(blocks) + 1)

    def test_we_verify_and_extract_what_kubo_exports(self):
        tree = self.tree()
        (tree / "one").chmod(0o640)
        (tree / "sub").chmod(0o750)
        os.utime(tree / "one", ns=(0, 981173106_123456789))
        for flags in (*self.FLAGS, ("--preserve-mode", "--preserve-mtime")):
            with self.subTest(flags=flags):
                root = self.ipfs("add", "-Q", "-r", *flags, "tree").decode().strip()
                (self.cwd / "kubo.car").write_bytes(self.ipfs("dag", "export", root))
                self.assertEqual(self.ours("--verify", "kubo.car"), b"kubo.car: OK\n")
                out = self.cwd / "out"
                shutil.rmtree(out, ignore_errors=True)
                self.ours("--extract", "kubo.car", "-o", "out")
                subprocess.run(["diff", "-r", "--no-dereference", tree, out], check=True)
                if "--preserve-mode" in flags:
                    for name in ("one", "sub", "nothing"):
                        self.assertEqual((out / name).stat().st_mode, (tree / name).stat().st_mode, name)
                        self.assertEqual((out / name).stat().st_mtime_ns, (tree / name).stat().st_mtime_ns, name)

    def test_what_kubo_lacks_is_found_missing(self):
        self.tree()
        root = self.ipfs("add", "-Q", "-r", "--cid-version=1", "tree").decode().strip()
        car = self.ipfs("dag", "export", root)
        # The last section is the last leaf: without it, kubo cannot walk the DAG either.
        leaf = (self.cwd / "tree/sub/zeros").read_bytes()[:CHUNK]
        (self.cwd / "less.car").write_bytes(car[:-(3 + 36 + len(leaf))])
        self.ours("--verify", "less.car", status=1)

    def get(self, path, accept="application/vnd.ipld.car"):
        request = urllib.request.Request(self.gateway + path, headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return answer.read()

    def test_proofs_are_what_a_gateway_answers(self):
        (self.cwd / "file").write_bytes(self.rng.randbytes(40 * CHUNK + 12345))
        (self.cwd / "zeros").write_bytes(bytes(40 * CHUNK))
        for name in ("file", "zeros"):
            content = (self.cwd / name).read_bytes()
            for flags in (("--cid-version=1",), (), ("--cid-version=1", "--chunker=size-1000"), ("--trickle",)):
                root = self.ipfs("add", "-Q", *flags, name).decode().strip()
                for first, last in ((0, 0), (0, 1023), (CHUNK - 1, CHUNK), (5 * CHUNK, 7 * CHUNK - 1), (123456, 654321),
                                    (len(content) - 1, len(content) - 1), (len(content) - 1000, len(content) + 1000)):
                    with self.subTest(name=name, flags=flags, range=(first, last)):
                        theirs = self.get(f"/ipfs/{root}?format=car&dag-scope=entity&entity-bytes={first}:{last}",
                                          "application/vnd.ipld.car; order=dfs; dups=n")
                        mine = self.ours("--prove", f"{first}-{last}", *flags, name)
                        proven = content[first:last + 1]
                        for car in (theirs, mine):
                            got = self.ours("--check-proof", root, "--range", f"{first}:{last}", "-o", "-", stdin=car)
                            self.assertTrue(got == proven, "other bytes proven")
                        self.assertTrue(theirs == mine, f"{len(theirs)} bytes against {len(mine)}")

    def test_blocks_of_other_formats(self):
        documents = ({"a": 1, "b": [1.5, None, True, "é\n"], "bytes": {"/": {"bytes": "AQID"}}},
                     {"link": {"/": "bafkqabiaaebagba"}}, [], {"z": {"y": [-1, 9223372036854775807]}}, "text", 1e21, 1e-7)
        for document in documents:
            for codec in ("dag-json", "dag-cbor"):
                with self.subTest(document=document, codec=codec):
                    text = json.dumps(document).encode()
                    cid = self.ipfs("dag", "put", "--input-codec=dag-json", f"--store-codec={codec}", stdin=text)
                    block = self.ipfs("block", "get", cid.decode().strip())
                    named = self.ours("--cid", "--codec", codec, "--car", "block.car", stdin=block)
                    self.assertEqual(named.split()[0], cid.strip())
                    self.ours("--verify", "block.car")
                    exported = self.ipfs("dag", "export", cid.decode().strip())
                    if "bafkq" in str(document):
                        continue  # kubo exports what the link carries, too; one block is one block here
                    self.assertTrue(exported == (self.cwd / "block.car").read_bytes())


if __name__ == "__main__":
    unittest.main()
