"""CIDs against kubo's `ipfs add` with the same flags, over generated files and trees around every boundary.

P2P_SEED chooses other content, P2P_KUBO_ROUNDS more of it. What differs is kept, and the commands that show it are
printed.

Where `ipfs add --only-hash` is not what `ipfs add` is, the latter counts, and stores: kubo 0.42 builds the root of
--only-hash without --max-directory-links, --max-hamt-fanout and the configured size estimation, and ends with "could
not find" where a directory has a mode or a time.
"""
import json
import os
import pathlib
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import DEADLINE, records, tool  # noqa: E402

SEED = int(os.environ.get("P2P_SEED", "20260101"))
ROUNDS = int(os.environ.get("P2P_KUBO_ROUNDS", "1"))
THRESHOLD = 256 * 1024

# Letters of several scripts, composed and decomposed; what UTF-16 sorts otherwise than bytes do; what is no UTF-8.
NAMES = [name.encode() for name in [
    "a", "b", "ab", "B", "a b", "a.b", "a-b", "a!", "~", "0", "00", "-r", "é", "e\u0301", "ß", "ss", "имя", "名前", "이름",
    "שם", "اسم", "नाम", "ｅ", "\uff61", "😀", "👩\u200d👩\u200d👧", "\u202ertl", "new\nline", "tab\t", "'q'", '"', "\\", "a+b", "[x]",
    "x.log", "y.log", "z.txt", "keep.log", "Makefile", "f" * 255, "é" * 127]] + [b"\xff", b"a\xc3", b"\xed\xa0\x80"]
HIDDEN = [b".h", b".hidden", b"..x", "\u002eé".encode()]


class Kubo:
    """A repository of its own, never online."""

    def __init__(self, profile=None):
        self.folder = tempfile.mkdtemp(prefix="p2p-kubo-cids-")
        self.env = dict(os.environ, IPFS_PATH=self.folder, IPFS_TELEMETRY="off")
        self.run("init", "--profile=test")
        if profile:
            self.run("config", "profile", "apply", profile)

    def run(self, *args, cwd=None, stdin=None):
        done = subprocess.run([os.environ["P2P_KUBO"], *args], cwd=cwd, env=self.env, input=stdin, capture_output=True,
                              timeout=DEADLINE, check=False)
        if done.returncode != 0:
            raise AssertionError(f"ipfs {' '.join(map(str, args))}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def add(self, flags, names, cwd, store=False, stdin=None):
        """name -> CID of what was named; the wrapper's name is empty."""
        how = ["--pin=false"] if store else ["--only-hash"]
        out = self.run("add", "--progress=false", *how, *flags, "--", *names, cwd=cwd, stdin=stdin)
        found = {}
        for line in out.split(b"\n")[:-1]:
            added, cid, name = line.split(b" ", 2)
            assert added == b"added", line
            found[name.decode(errors="replace")] = cid.decode()
        return {name: found.get(name) for name in [*names, ""] if name in found or name}

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class KuboCids(unittest.TestCase):
    compared = 0

    @classmethod
    def setUpClass(cls):
        print(f"P2P_SEED={SEED}", file=sys.stderr)
        cls.kubo = Kubo()
        cls.addClassCleanup(cls.kubo.close)
        cls.recent = Kubo("unixfs-v1-2025")
        cls.addClassCleanup(cls.recent.close)
        cls.old = Kubo("unixfs-v0-2015")
        cls.addClassCleanup(cls.old.close)

    @classmethod
    def tearDownClass(cls):
        print(f"{KuboCids.compared} CIDs compared", file=sys.stderr)

    def setUp(self):
        self.rng = random.Random(f"{SEED} {self.id()}")
        self.cwd = pathlib.Path(tempfile.mkdtemp(prefix="p2p-cids-"))
        self.differed = False
        self.addCleanup(self.clear)

    def clear(self):
        if not self.differed:
            subprocess.run(["chmod", "-R", "u+rwx", self.cwd], check=False)
            shutil.rmtree(self.cwd, ignore_errors=True)

    def compare(self, flags, names, kubo=None, store=False, ours=(), stdin=None):
        """Both tools on the same names; `ours` are flags for p2p-hash only, for what kubo has in its configuration."""
        kubo = kubo or self.kubo
        theirs = kubo.add(flags, names, self.cwd, store, stdin)
        flags = ["--wrap-with-directory" if flag == "-w" else flag for flag in flags]
        hashes = [flag for flag in flags if flag.startswith("--hash=")]
        flags = [flag for flag in flags if not flag.startswith("--hash=")]
        flags += ["-a" + flag.removeprefix("--hash=") for flag in hashes]
        done = subprocess.run([tool("p2p-hash"), "--cid", "--json", *ours, *flags, "--", *names], cwd=self.cwd,
                              input=stdin, capture_output=True, timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        mine = {record.get("path", ""): record["cid"] for record in records(done.stdout.decode())}
        for name, cid in theirs.items():
            KuboCids.compared += 1
            if mine.get(name) == cid:
                continue
            self.differed = True
            how = "--pin=false" if store else "--only-hash"
            kubo_flags = [*flags, *hashes]
            which = [n for n in names if n == name] or names
            self.fail(f"P2P_SEED={SEED}: {name!r} is {mine.get(name)}, to kubo {cid}\n"
                      f"cd {self.cwd}\n"
                      f"{shlex.join([tool('p2p-hash'), '--cid', *ours, *flags, '--', *which])}\n"
                      f"ipfs add -Q {how} {shlex.join([*kubo_flags, '--', *which])}")
        self.assertEqual(set(mine), set(theirs))

    # Files.

    def content(self, size, kind="random"):
        if kind == "zeros":
            return bytes(size)
        if kind == "period":
            return (self.rng.randbytes(37) * (size // 37 + 1))[:size]
        if kind == "edited":  # blocks that recur, shifted
            block = self.rng.randbytes(max(1, size // 5))
            return b"".join(block + self.rng.randbytes(self.rng.randrange(9)) for _ in range(6))[:size].ljust(size, b"e")
        return self.rng.randbytes(size)

    def files(self, sizes, kind="random"):
        names = []
        for size in sizes:
            name = f"{kind}-{size}"
            (self.cwd / name).write_bytes(self.content(size, kind))
            names.append(name)
        return sorted(set(names))

    @staticmethod
    def around(*edges):
        return sorted({max(0, edge + by) for edge in edges for by in (-1, 0, 1)})

    def test_chunks_and_widths(self):
        for chunk, width in [(1, 2), (7, 3), (64, 2), (64, 5), (100, 8), (4096, 3)]:
            edges = self.around(0, chunk, width * chunk, width * width * chunk, (width + 1) * width * chunk)
            names = self.files([size for size in edges if size < 600 * chunk])
            shape = [f"--chunker=size-{chunk}", f"--max-file-links={width}"]
            for flags in ([], ["--raw-leaves"], ["--cid-version=1"], ["--cid-version=1", "--raw-leaves=false"],
                          ["--cid-version=1", "--inline"], ["--inline", "--inline-limit=128"], ["--hash=blake3"],
                          ["--mode=0644", "--mtime=1700000000", "--mtime-nsecs=5"]):
                self.compare([*shape, *flags], names)

    def test_trickle(self):
        for width in (2, 3, 5):
            # A tree of depth d has width leaves and four trees of each lesser depth.
            leaves = [0, width]
            for _ in range(4):
                leaves.append(width + 4 * sum(leaves[1:]))
            edges = [1, 2, width, 2 * width, 5 * width, *leaves[1:]]
            names = self.files([n * 16 - by for n in edges for by in (0, 1, -1) if n * 16 - by < 40_000])
            names += self.files([0])
            shape = ["--trickle", "--chunker=size-16", f"--max-file-links={width}"]
            for flags in ([], ["--raw-leaves"], ["--cid-version=1", "--inline"], ["--mtime=-1"]):
                self.compare([*shape, *flags], names)

    def test_default_widths(self):
        names = self.files(self.around(174 * 16, 175 * 16, 1024 * 16))
        self.compare(["--chunker=size-16"], names)
        self.compare(["--chunker=size-16", "--max-file-links=1024"], names)
        self.compare(["--chunker=size-16", "--max-file-links=0"], names)
        names = self.files(self.around(262144, 1048576))
        self.compare([], names)
        self.compare(["--cid-version=1"], names, ours=["--profile=v0"])
        self.compare([], names, kubo=self.old, ours=["--profile=unixfs-v0-2015"])
        self.compare([], names, kubo=self.recent, ours=["--profile=unixfs-v1-2025"])
        self.compare(["--cid-version=1"], names, kubo=self.old, ours=["--profile=unixfs-v0-2015"])
        self.compare(["--raw-leaves=false", "--mode=0600"], names, kubo=self.recent, ours=["--profile=unixfs-v1-2025"])

    def refused(self, *args):
        """Whether kubo refuses it; what for."""
        try:
            self.kubo.run(*args, cwd=self.cwd)
            return None
        except AssertionError as error:
            return str(error)

    def we_refuse(self, *args):
        done = subprocess.run([tool("p2p-hash"), "--cid", *args], cwd=self.cwd, capture_output=True, text=True,
                              check=False, timeout=DEADLINE)
        self.assertEqual((done.returncode, done.stdout), (2, ""), args)
        self.assertRegex(done.stderr, "^p2p-hash: error: ipfs .*\nhint: it takes ", args)

    def test_hashes(self):
        """All that kubo lists and all that we list: what one refuses the other does."""
        names = self.files([0, 1, 1000])
        dumped = subprocess.run([tool("p2p-hash"), "--dump-options"], capture_output=True, check=True, timeout=DEADLINE)
        option = next(o for o in json.loads(dumped.stdout)["options"] if o["name"] == "algorithm")
        listed = set(self.kubo.run("cid", "hashes").decode().split()) - {"identity"}
        taken = 0
        for name in sorted(listed | set(option["choices"]) | {"blake2b-8", "blake2b-152"}):
            with self.subTest(name):
                if self.refused("add", "-Q", "--only-hash", f"--hash={name}", "--cid-version=1", names[0]):
                    self.we_refuse("-a", name, names[0])
                    continue
                self.compare([f"--hash={name}", "--chunker=size-100"], names)
                taken += 1
        self.assertGreaterEqual(taken, 58)

    def test_lengths_of_extendable_functions(self):
        name = self.files([1000])[0]
        for function, sizes in (("blake3", (1, 19, 20, 21, 31, 33, 64, 127, 128)), ("shake-256", (19, 20, 32, 63)),
                                ("shake-128", (20,))):
            for size in sizes:
                with self.subTest(function=function, size=size):
                    put = ["block", "put", f"--mhtype={function}", f"--mhlen={size}", "--cid-codec=raw", name]
                    ours = ["--codec=raw", "-a", f"{function}-{8 * size}", name]
                    if self.refused(*put):
                        self.we_refuse(*ours)
                        continue
                    theirs = self.kubo.run(*put, cwd=self.cwd).decode().strip()
                    done = subprocess.run([tool("p2p-hash"), "--cid", *ours], cwd=self.cwd, capture_output=True,
                                          text=True, check=True, timeout=DEADLINE)
                    self.assertEqual(done.stdout, f"{theirs}  {name}\n")
                    KuboCids.compared += 1

    def test_content_defined_chunks(self):
        rabin = ["rabin-16-32-64", "rabin-16-17-18", "rabin-48", "rabin-100-1000-5000", "rabin-1000"]
        for _ in range(ROUNDS):
            for kind in ("random", "zeros", "period", "edited"):
                sizes = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000, self.rng.randrange(20_000)]
                names = self.files(sizes, kind)
                for chunker in rabin:
                    self.compare([f"--chunker={chunker}"], names)
                edges = self.around(131072, 131072 + 32, 524288) + [self.rng.randrange(2_500_000)]
                names = self.files(edges, kind)
                for chunker in ("buzhash", "rabin", "rabin-20000-100000-300000"):
                    self.compare([f"--chunker={chunker}", self.rng.choice(["--trickle", "--raw-leaves"])], names)

    def test_standard_input(self):
        for size in (0, 1, 63, 64, 65, 700_000, 5_000_000):
            data = self.content(size)
            for flags in (["--chunker=size-64"] if size < 1000 else [], ["--chunker=buzhash"], ["--trickle"],
                          ["--mode=0644"], ["--preserve-mode", "--preserve-mtime"]):
                theirs = self.kubo.run("add", "-Q", "--only-hash", *flags, "-", stdin=data).decode().strip()
                done = subprocess.run([tool("p2p-hash"), "--cid", *flags], input=data, capture_output=True, check=True,
                                      timeout=DEADLINE)
                self.assertEqual(done.stdout.decode(), f"{theirs}  -\n", f"{size} bytes, {flags}")
                KuboCids.compared += 1

    def test_wrapped(self):
        names = self.files([0, 1, 1000])
        (self.cwd / "folder").mkdir()
        (self.cwd / "folder" / "x").write_bytes(b"x")
        (self.cwd / "link").symlink_to("nowhere")
        for flags in ([], ["--cid-version=1"], ["--inline"]):
            self.compare(["-w", *flags], names)
            self.compare(["-w", "-r", *flags], [*names, "folder", "link"])
        self.compare(["-w", "-r", "--mode=0750", "--mtime=9"], [*names, "folder", "link"], store=True)
        for flags in ([], ["--stdin-name=n"], ["--cid-version=1"]):
            data = self.content(10)
            theirs = self.kubo.run("add", "-Q", "-w", "--only-hash", *flags, "-", stdin=data).decode().strip()
            done = subprocess.run([tool("p2p-hash"), "--cid", "--wrap-with-directory", *flags], input=data,
                                  capture_output=True, check=True, timeout=DEADLINE)
            self.assertEqual(done.stdout.decode().splitlines()[-1].split()[0], theirs)
            KuboCids.compared += 1

    # Trees.

    def tree(self, name, entries=12, hidden=True, links=("nowhere", "../a", "é")):
        """A folder of a random shape."""
        root = os.fsencode(self.cwd / name)
        os.mkdir(root)
        folders = [root]
        for _ in range(self.rng.randrange(entries + 1)):
            pool = HIDDEN if hidden and self.rng.random() < 0.2 else NAMES
            path = os.path.join(self.rng.choice(folders), self.rng.choice(pool))
            if os.path.lexists(path):
                continue
            chance = self.rng.random()
            if chance < 0.3:
                os.mkdir(path)
                folders.append(path)
            elif chance < 0.4 and links:
                os.symlink(self.rng.choice(links), path)
            else:
                with open(path, "wb") as file:
                    file.write(self.content(self.rng.choice([0, 1, 5, 63, 64, 65, 300])))
        return name

    def trees(self, count, prefix, **how):
        return [self.tree(f"{prefix}{i}", **how) for i in range(count * ROUNDS)]

    def test_trees(self):
        names = self.trees(40, "t", entries=25)
        for flags in ([], ["--hidden"], ["--cid-version=1"], ["--inline", "--hidden"], ["--empty-dirs=false"],
                      ["--chunker=size-64", "--hash=sha2-512"], ["--empty-dirs=false", "--hidden", "--raw-leaves"]):
            self.compare(["-r", *flags], names)
        self.compare(["-r"], names, kubo=self.recent, ours=["--profile=unixfs-v1-2025"], store=True)

    def test_dereferenced_links(self):
        for i in range(8):
            # In every folder a file and a folder that links can lead to.
            folder = self.cwd / self.tree(f"d{i}", links=())
            for path in [folder, *[p for p in folder.rglob("*") if p.is_dir()]]:
                (path / "target").write_bytes(self.content(100))
                (path / "into").mkdir()
                (path / "into" / "x").write_bytes(b"x")
                for name, to in (("to-file", "target"), ("to-folder", "into"), ("to-link", "to-file")):
                    (path / name).symlink_to(to)
            (self.cwd / f"link{i}").symlink_to(f"d{i}")
        names = [f"d{i}" for i in range(8)]
        self.compare(["-r", "--dereference-symlinks"], names)
        self.compare(["-r", "--dereference-args"], names)
        self.compare(["-r"], [f"link{i}" for i in range(8)])
        # kubo reports what a link leads to by that name, we by the one given.
        for i in range(8):
            for flag in ("--dereference-symlinks", "--dereference-args"):
                done = subprocess.run([tool("p2p-hash"), "--cid", "-r", flag, f"link{i}"], cwd=self.cwd,
                                      capture_output=True, text=True, check=True, timeout=DEADLINE)
                theirs = self.kubo.run("add", "-Q", "-r", "--only-hash", flag, f"link{i}", cwd=self.cwd)
                self.assertEqual(done.stdout.split()[0], theirs.decode().strip())
                KuboCids.compared += 1

    def test_ignore_rules(self):
        rules = ["*.log", "!keep.log", "/a", "a/", "a/b", "**/b", "b/**", "*", "a*", "?", "a?b", "[ab]", "[^a]", "x+",
                 "(a|b)", "a|b", "*.*", "#a", "\\#a", "!a", "  a  ", "é", "名*", ".h", "a\\+b", "[", "(", "\\[x\\]", "f*", "^a",
                 "b$", "\\w\\w", "a{1,2}", "*\u0301", "", "/*.log", "*/", "!*.log"]
        names = self.trees(10, "i", entries=30)
        for _ in range(25 * ROUNDS):
            some = [self.rng.choice(rules) for _ in range(self.rng.randrange(1, 4))]
            flags = ["-r", *[f"--ignore={rule}" for rule in some]]
            if self.rng.random() < 0.5:
                lines = [self.rng.choice(rules) for _ in range(4)]
                (self.cwd / "rules").write_text(self.rng.choice(["\n", "\r\n"]).join(lines))
                flags.append("--ignore-rules-path=rules")
            if self.rng.random() < 0.3:
                flags.append("--hidden")
            self.compare(flags, names)

    def test_modes_and_times(self):
        for i in range(12 * ROUNDS):
            folder = os.fsencode(self.cwd / self.tree(f"m{i}", hidden=False))
            for path, folders, files in os.walk(folder, topdown=False):
                for name in folders + files:
                    inner = os.path.join(path, name)
                    self.restamp(inner)
            self.restamp(folder)
        names = [f"m{i}" for i in range(12 * ROUNDS)]
        for flags in (["--preserve-mode"], ["--preserve-mtime"], ["--preserve-mode", "--preserve-mtime"],
                      ["--mode=0640"], ["--mode=04755"], ["--mtime=1"], ["--mtime=-62135596799", "--mtime-nsecs=1"],
                      ["--mode=0600", "--preserve-mode", "--mtime=5", "--preserve-mtime"],
                      ["--preserve-mode", "--cid-version=1"], ["--mtime=12", "--cid-version=1", "--inline"]):
            self.compare(["-r", *flags], names, store=True)

    def restamp(self, path):
        nanos = self.rng.choice([0, 1, 999_999_999, self.rng.randrange(10**9)])
        when = self.rng.choice([0, 1, -1, 10**9, self.rng.randrange(-10**9, 2 * 10**9)]) * 10**9 + nanos
        if not os.path.islink(path):
            folder = os.path.isdir(path)
            os.chmod(path, self.rng.choice([0o755, 0o700, 0o1777, 0o2755] if folder else
                                           [0o644, 0o600, 0o755, 0o4755, 0o400, 0o444, 0]))
        os.utime(path, ns=(when, when), follow_symlinks=False)

    def flat(self, name, lengths):
        folder = self.cwd / name
        folder.mkdir()
        for i, length in enumerate(lengths):
            (folder / f"{i:06d}".ljust(length, "n")).touch()
        return name

    def at_threshold(self, prefix, size, of_folder):
        """Flat folders one byte or more below the threshold, at it, past it, and an entry less and more."""
        count = (THRESHOLD - of_folder - size(20)) // size(200)
        total = of_folder + count * size(200)
        fits = max(length for length in range(10, 256) if total + size(length) <= THRESHOLD)
        self.assertLess(fits, 255)
        names = [self.flat(f"{prefix}{fits + by}", [200] * count + [fits + by]) for by in (-1, 0, 1)]
        return [*names, self.flat(f"{prefix}less", [200] * count), self.flat(f"{prefix}more", [200] * (count + 2))]

    def test_threshold_by_links(self):
        for cid_size, flags in ((34, []), (36, ["--cid-version=1"])):
            names = self.at_threshold(f"v{cid_size}-", lambda length, cid=cid_size: length + cid, 0)
            self.compare(["-r", *flags], names)

    def test_threshold_by_block(self):
        def frame(size):  # in protobuf: a tag, the length, the bytes
            return 1 + (1 if size < 128 else 2) + size

        names = self.at_threshold("b", lambda length: frame(frame(36) + frame(length) + 2), frame(2))
        self.compare(["-r"], names, kubo=self.recent, ours=["--profile=unixfs-v1-2025"], store=True)
        # With a mode and a time a folder is larger, and so are the files in it, which are not raw.
        names = self.at_threshold("m", lambda length: frame(frame(36) + frame(length) + 2), frame(2 + 3 + 8))
        self.compare(["-r", "--mode=0755", "--mtime=1700000000", "--raw-leaves=false"], names, kubo=self.recent,
                     ours=["--profile=unixfs-v1-2025"], store=True)

    def test_shards_of_every_fanout(self):
        names = [self.flat(f"n{count}", [6 + i % 20 for i in range(count)]) for count in (1, 4, 5, 6, 40, 700)]
        names += self.trees(4, "s", entries=40, hidden=False)
        for fanout in (8, 16, 32, 64, 128, 256, 512, 1024):
            flags = ["-r", "--max-directory-links=5", f"--max-hamt-fanout={fanout}"]
            self.compare(flags, names, store=True)
        self.compare(["-r", "--max-directory-links=5", "--cid-version=1", "--inline"], names, store=True)
        self.compare(["-r", "--max-directory-links=2", "--mode=0700", "--mtime=3"], names, store=True)

    def test_zz_enough_was_compared(self):
        self.assertGreaterEqual(KuboCids.compared, 300)


if __name__ == "__main__":
    unittest.main()
