"""Check files, both ways: what sha1sum, sha256sum, …, b2sum, cksum -a, shasum, rhash, b3sum and openssl write is
checked by p2p-hash, and what p2p-hash writes by them; also when a file has changed since.
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import DEADLINE, Case, tool  # noqa: E402

# Names that are written in some special way by somebody.
NAMES = [b"plain", b"two words", b" leading", b"  two leading", b"trailing ", b"\ttab", b"new\nline", b"back\\slash",
         b"\\n", b"carriage\rreturn", b"*star", b"(paren)", b"a) = b", b"a(b", b"#hash", b"SHA256 (x) = 00", b"-x",
         b"not utf-8 \xff\xfe", "é😀".encode(), b"quo'te\"", b"a/b", b"nul" + b"l" * 200]
# rhash and openssl escape nothing.
TAME = [name for name in NAMES if not re.search(rb"[\n\r\\]", name)]
# And rhash cuts blanks off lines' ends and "*" off names, takes "#" and ";" for comments, and writes names in UTF-8.
RHASH = [name for name in TAME if name.strip() == name and not name.startswith((b"#", b"SHA256", b"(", b"*"))
         and b"\xff" not in name]

COREUTILS = {  # program, ours
    "md5sum": "md5", "sha1sum": "sha1", "sha224sum": "sha2-224", "sha256sum": "sha2-256", "sha384sum": "sha2-384",
    "sha512sum": "sha2-512", "b2sum": "blake2b-512", "b2sum -l 8": "blake2b-8", "b2sum -l 160": "blake2b-160",
    "b2sum -l 256": "blake2b-256", "b2sum -l 384": "blake2b-384", "b2sum -l 504": "blake2b-504", "cksum -a md5": "md5",
    "cksum -a sha1": "sha1", "cksum -a sha224": "sha2-224", "cksum -a sha256": "sha2-256", "cksum -a sha384": "sha2-384",
    "cksum -a sha512": "sha2-512", "cksum -a blake2b": "blake2b-512", "cksum -a blake2b -l 160": "blake2b-160",
    "cksum -a blake2b -l 256": "blake2b-256",
}
RHASH_NAMES = {
    "md5": "md5", "sha1": "sha1", "sha224": "sha2-224", "sha256": "sha2-256", "sha384": "sha2-384", "sha512": "sha2-512", "sha3-224": "sha3-224",
    "sha3-256": "sha3-256", "sha3-384": "sha3-384", "sha3-512": "sha3-512", "blake2b": "blake2b-512",
    "blake2s": "blake2s-256", "crc32c": "crc32c",
}
OPENSSL_NAMES = {
    "md5": "md5", "sha1": "sha1", "sha224": "sha2-224", "sha256": "sha2-256", "sha384": "sha2-384", "sha512": "sha2-512",
    "sha512-224": "sha2-512-224", "sha512-256": "sha2-512-256", "shake128": "shake-128-128", "shake256": "shake-256-256",
    "sha3-224": "sha3-224", "sha3-256": "sha3-256", "sha3-384": "sha3-384", "sha3-512": "sha3-512",
    "blake2b512": "blake2b-512", "blake2s256": "blake2s-256",
}
SHASUM_NAMES = {"1": "sha1", "224": "sha2-224", "512224": "sha2-512-224", "256": "sha2-256", "384": "sha2-384", "512": "sha2-512", "512256": "sha2-512-256"}


class Sums(Case):
    def setUp(self):
        folder = os.fsencode(self.folder())
        self.work = folder + b"/work"
        self.list = folder + b"/list"
        os.makedirs(self.work + b"/a")
        for at, name in enumerate(NAMES):
            with open(self.work + b"/" + name, "wb") as file:
                file.write(name * (1 + at * 700))

    def run_in(self, argv, names=()):
        """Its status and output; names go behind `--`, but openssl knows no such thing."""
        argv = [word.encode() if isinstance(word, str) else word for word in argv]
        if names:
            argv += ([] if argv[0] == b"openssl" else [b"--"]) + list(names)
        done = subprocess.run(argv, cwd=self.work, capture_output=True, check=False, timeout=DEADLINE,
                              env=dict(os.environ, LC_ALL="C.UTF-8"))
        return done.returncode, done.stdout, done.stderr

    def write(self, argv, names):
        status, out, err = self.run_in(argv, names)
        self.assertEqual(status, 0, (argv, err))
        with open(self.list, "wb") as file:
            file.write(out)
        return out

    def check_with(self, checker, names):
        """All of the list is good; and it is not, once a file has changed."""
        status, out, err = self.run_in([*checker, self.list])
        self.assertEqual(status, 0, (checker, out, err))
        victim = self.work + b"/" + names[-1]
        with open(victim, "ab") as file:
            file.write(b"!")
        status, _, _ = self.run_in([*checker, self.list])
        self.assertNotEqual(status, 0, checker)
        with open(victim, "rb+") as file:
            file.truncate(os.path.getsize(victim) - 1)

    def check_with_us(self, options, names):
        """As above, and every line counts."""
        status, out, err = self.run_in([tool("p2p-hash"), *options, "-c", "--strict", self.list])
        self.assertEqual((status, err), (0, b""), out)
        self.assertEqual(out.count(b": OK\n"), len(names))
        self.check_with([tool("p2p-hash"), *options, "-c", "--strict"], names)

    def both_ways(self, theirs, options, checker, names, check_options=()):
        self.write(theirs, names)
        self.check_with_us(check_options, names)
        self.write([tool("p2p-hash"), *options], names)
        self.check_with(checker, names)

    def test_coreutils(self):
        for program, alg in COREUTILS.items():
            with self.subTest(program):
                argv = program.split()
                checker = [*argv, "-c", "--strict"]
                untagged = ["--untagged"] if argv[0] == "cksum" else []
                self.both_ways([*argv, *untagged], ["-a", alg], checker, NAMES, ["-a", alg])
                # A tag needs no word about the function, from us or to cksum.
                if argv[0] == "cksum":
                    checker = ["cksum", "-c", "--strict"]
                self.both_ways([*argv, "--tag"], ["-a", alg, "--tag"], checker, NAMES)

    def test_coreutils_same_bytes(self):
        for program, alg in COREUTILS.items():
            argv = program.split()
            if argv[0] == "cksum":
                continue
            for option in ("--tag", "-z", "-b", "-t"):
                with self.subTest(f"{program} {option}"):
                    self.assertEqual(self.write([*argv, option], NAMES),
                                     self.write([tool("p2p-hash"), "-a", alg, option], NAMES))

    def test_nul_ends(self):
        for program, alg in COREUTILS.items():
            argv = program.split()
            with self.subTest(program):
                self.write([*argv, "-z", "--tag"], NAMES)
                self.check_with_us([], NAMES)

    def test_several_at_once(self):
        algorithms = sorted(set(COREUTILS.values()))
        self.write([tool("p2p-hash"), "-a", ",".join(algorithms)], NAMES)
        self.check_with(["cksum", "-c", "--strict"], NAMES)

    def test_shasum(self):
        for name, alg in SHASUM_NAMES.items():
            with self.subTest(name):
                checker = ["shasum", "-a", name, "-s", "-c"]
                self.both_ways(["shasum", "-a", name], ["-a", alg], checker, TAME, ["-a", alg])
                self.both_ways(["shasum", "-a", name, "--tag"], ["-a", alg, "--tag"], checker, TAME)

    def test_rhash(self):
        for name, alg in RHASH_NAMES.items():
            with self.subTest(name):
                self.both_ways(["rhash", f"--{name}"], ["-a", alg], ["rhash", f"--{name}", "-c"], RHASH, ["-a", alg])
                self.both_ways(["rhash", f"--{name}", "--bsd"], ["-a", alg, "--tag"], ["rhash", "-c"], RHASH)

    def test_rhash_several(self):
        names = [f"--{name}" for name in RHASH_NAMES]
        self.write(["rhash", *names, "--bsd"], RHASH)
        status, out, err = self.run_in([tool("p2p-hash"), "-c", "--strict", self.list])
        self.assertEqual((status, err), (0, b""))
        self.assertEqual(out.count(b": OK\n"), len(RHASH) * len(RHASH_NAMES))
        self.write([tool("p2p-hash"), "-a", ",".join(RHASH_NAMES.values())], RHASH)
        self.check_with(["rhash", "-c"], RHASH)

    def test_openssl(self):
        for name, alg in OPENSSL_NAMES.items():
            with self.subTest(name):
                # It would take "-x" for an option; and writes names as they are, those that end lines, too.
                names = [n for n in TAME if n != b"-x"]
                self.write(["openssl", "dgst", f"-{name}"], names)
                self.check_with_us([], names)
                # -r escapes, as coreutils do, but carriage returns.
                names = [n for n in NAMES if n != b"-x" and b"\r" not in n]
                self.write(["openssl", "dgst", "-r", f"-{name}"], names)
                self.check_with_us(["-a", alg], names)

    def test_b3sum(self):
        b3sum = os.environ["P2P_B3SUM"]
        # It refuses names that are not UTF-8, and does not escape carriage returns.
        names = [n for n in NAMES if b"\xff" not in n and b"\r" not in n]
        self.both_ways([b3sum], ["-a", "blake3"], [b3sum, "-c"], names, ["-a", "blake3"])
        # Its own tagged lines it takes for untagged ones where two blanks stand in the name.
        names = [n for n in names if b"  " not in n]
        self.both_ways([b3sum, "--tag"], ["-a", "blake3", "--tag"], [b3sum, "-c"], names)

    def test_b3sum_of_other_lengths(self):
        # Which b3sum -c does not read back itself.
        b3sum = os.environ["P2P_B3SUM"]
        names = [n for n in NAMES if b"\xff" not in n and b"\r" not in n]
        for size in (16, 20, 31, 33, 64, 128):
            with self.subTest(size):
                alg = f"blake3-{8 * size}"
                for options in ([], ["--tag"]):
                    theirs = self.write([b3sum, "-l", str(size), *options], names)
                    self.check_with_us([] if options else ["-a", alg], names)
                    self.assertEqual(self.write([tool("p2p-hash"), "-a", alg, *options], names), theirs)
        # Fewer bytes may be a line cut short, unless somebody says that they are not.
        self.write([b3sum, "-l", "8", "--tag"], names)
        status, _, err = self.run_in([tool("p2p-hash"), "-c", self.list])
        self.assertEqual(status, 1)
        self.assertIn(b"blake3-64", err)
        self.check_with_us(["-a", "blake3-64"], names)


if __name__ == "__main__":
    unittest.main()
