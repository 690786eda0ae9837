"""BLAKE3 against b3sum, and proofs about its tree against bao: made by one, checked by the other.

P2P_SEED chooses other content and ranges.
"""
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import DEADLINE, Case, tool  # noqa: E402

SEED = int(os.environ.get("P2P_SEED", "20260101"))
CHUNK = 1024
MIB = 1024 * 1024
# Both sides of a block, a chunk, a kernel's width, and of the windows in which files are hashed and proofs made.
SIZES = sorted({size for edge in (0, 64, CHUNK, 2 * CHUNK, 4 * CHUNK, 8 * CHUNK, 16 * CHUNK, 31 * CHUNK, 128 * CHUNK,
                                  MIB, 4 * MIB, 8 * MIB, 9 * MIB + 3 * CHUNK)
                for size in (edge - 1, edge, edge + 1) if size >= 0})


def call(argv, stdin=b""):
    return subprocess.run(argv, input=stdin, capture_output=True, timeout=DEADLINE, check=False)


def output(argv, stdin=b""):
    done = call(argv, stdin)
    if done.returncode != 0:
        raise AssertionError(f"{argv}: {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def b3sum(*args, stdin=b""):
    return output([os.environ["P2P_B3SUM"], *map(str, args)], stdin)


def bao(*args, stdin=b""):
    return output([os.environ["P2P_BAO"], *map(str, args)], stdin)


def p2p_hash(*args, stdin=b""):
    return output([tool("p2p-hash"), *map(str, args)], stdin)


class Files(Case):
    def setUp(self):
        super().setUp()
        self.rng = random.Random(SEED)
        self.where = pathlib.Path(self.folder())

    def write(self, size):
        path = self.where / f"f{size}"
        path.write_bytes(self.rng.randbytes(size))
        return path


class B3sum(Files):
    def test_equal_digests_at_every_boundary(self):
        paths = [self.write(size) for size in SIZES]
        theirs = b3sum(*paths)
        self.assertEqual(p2p_hash("-a", "blake3", *paths), theirs)
        self.assertEqual(p2p_hash("-a", "blake3", "-j1", *paths), theirs)
        for path in paths:
            with self.subTest(path.name):
                digest = b3sum("--no-names", path).strip()
                self.assertEqual(p2p_hash("-a", "blake3", path).split()[0], digest)  # alone, on all cores
                self.assertEqual(p2p_hash("-a", "blake3", stdin=path.read_bytes()).split()[0], digest)

    def test_each_checks_the_other(self):
        paths = [self.write(size) for size in (0, 1, 5000, 5 * MIB)]
        (self.where / "ours").write_bytes(p2p_hash("-a", "blake3", *paths))
        (self.where / "theirs").write_bytes(b3sum(*paths))
        (self.where / "tagged").write_bytes(b3sum("--tag", *paths))
        b3sum("-c", self.where / "ours")
        p2p_hash("-a", "blake3", "-c", self.where / "theirs")
        p2p_hash("-c", self.where / "tagged")
        paths[2].write_bytes(b"changed")
        self.assertEqual(call([tool("p2p-hash"), "-a", "blake3", "-c", str(self.where / "theirs")]).returncode, 1)


class Bao(Files):
    def ranges(self, size):
        last = max(size - 1, 0)
        chosen = [(0, 1), (0, size), (0, size + 5000), (last, 1), (last, 2000)]
        for _ in range(4):
            chosen.append((self.rng.randrange(size) if size else 0,
                           self.rng.choice([1, 100, CHUNK, 5000, self.rng.randrange(size + 1)])))
        return sorted({(start, count) for start, count in chosen if count > 0})

    def test_equal_slices_that_each_accepts_of_the_other(self):
        compared = 0
        for size in SIZES:
            path = self.write(size)
            content = path.read_bytes()
            digest = bao("hash", path).split()[0].decode()
            bao("encode", path, self.where / "encoded")
            for start, count in self.ranges(size):
                with self.subTest(size=size, start=start, count=count):
                    theirs = bao("slice", start, count, self.where / "encoded")
                    wanted = f"{start}+{count}"
                    self.assertEqual(p2p_hash("-a", "blake3", "--prove", wanted, path), theirs)
                    proven = content[start:start + count]
                    self.assertEqual(bao("decode-slice", digest, start, count, stdin=theirs), proven)
                    checked = p2p_hash("--check-proof", digest, "--range", wanted, "-o", "-", "-", stdin=theirs)
                    self.assertEqual(checked, proven)
                    compared += 1
        self.assertGreater(compared, 200)

    def test_the_whole_is_the_combined_encoding(self):
        path = self.write(3 * MIB + 7)
        bao("encode", path, self.where / "encoded")
        digest = b3sum("--no-names", path).strip().decode()
        proof = self.where / "proof"
        done = call([tool("p2p-hash"), "-a", "blake3", "--prove", "0-", "-o", str(proof), str(path)])
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        self.assertEqual(done.stderr.decode(), f"p2p-hash: {digest}  {path}\n")
        self.assertEqual(proof.read_bytes(), (self.where / "encoded").read_bytes())
        self.assertEqual(p2p_hash("--check-proof", digest, proof), f"{proof}: OK\n".encode())

    def test_both_refuse_what_was_tampered_with(self):
        path = self.write(100_000)
        digest = bao("hash", path).split()[0].decode()
        start, count = 30_000, 5000
        good = p2p_hash("-a", "blake3", "--prove", f"{start}+{count}", path)
        expected = path.read_bytes()[start:start + count]
        bad = [good[:cut] for cut in (0, 7, 8, 9, 71, 72, 73, len(good) // 2, len(good) - 1)]
        for place in self.rng.sample(range(8, len(good)), 40):
            bad.append(good[:place] + bytes([good[place] ^ 1 << self.rng.randrange(8)]) + good[place + 1:])
        bad.append((2**63).to_bytes(8, "little") + good[8:])
        bad.append((2**64 - 1).to_bytes(8, "little") + good[8:])
        bad.append((1).to_bytes(8, "little") + good[8:])
        for number, slice_ in enumerate(bad):
            with self.subTest(number):
                theirs = call([os.environ["P2P_BAO"], "decode-slice", digest, str(start), str(count)], slice_)
                self.assertNotEqual(theirs.returncode, 0)
                ours = call([tool("p2p-hash"), "--check-proof", digest, "--range", f"{start}+{count}", "-o", "-", "-"],
                            slice_)
                self.assertEqual(ours.returncode, 1)
                self.assertEqual(len(ours.stderr.splitlines()), 1)
                self.assertTrue(expected.startswith(ours.stdout))
        # Ours alone refuses bytes after the end, which bao leaves unread.
        self.assertEqual(call([tool("p2p-hash"), "--check-proof", digest, "--range", f"{start}+{count}", "-"],
                              good + b"x").returncode, 1)


if __name__ == "__main__":
    unittest.main()
