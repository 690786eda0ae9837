"""Torrents against libtorrent and mktorrent: made by one, read, rechecked and verified by the other."""
import json
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from harness import Case, Process, records, run, tool  # noqa: E402

BLOCK = 16 * 1024
SYSTEM_PYTHON = "/usr/bin/python3"
ORACLE = str(pathlib.Path(__file__).with_name("libtorrent_oracle.py"))
SEED = int(os.environ.get("P2P_SEED", "20260101"))
TREES = int(os.environ.get("P2P_TORRENT_TREES", "60"))
# Letters of several scripts, composed and decomposed, and what sorts around the slash. No two differ in case only:
# libtorrent takes those for one and renames one of them.
NAMES = ["a", "a-b", "a b", "a.b", "a!", "B", "é", "é", "日本", "имя", "😀", "0", "z" * 60, "~", ".hidden"]


class Libtorrent(Process):
    def __init__(self):
        super().__init__([SYSTEM_PYTHON, "-B", ORACLE], "libtorrent")
        self.line("ready")
        self.asked = 0

    def ask(self, do, **request):
        self.asked += 1
        place = self.asked
        self.say(json.dumps({"do": do, **request}) + "\n")
        answer = json.loads(self.wait(lambda lines: lines[place] if len(lines) > place else None, f"{do}'s answer"))
        if "error" in answer:
            raise AssertionError(f"libtorrent: {do} {request}: {answer['error']}")
        return answer["value"]


def sizes(rng, piece):
    edges = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, piece - 1, piece, piece + 1, 2 * piece, 3 * piece + 5,
             2 * piece - BLOCK, 2 * piece + BLOCK + 1, rng.randrange(1, 4 * piece)]
    return rng.choice(edges)


def write(path, size, rng):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(rng.randbytes(size))
    path.chmod(rng.choice([0o644, 0o644, 0o755]))


def make_tree(root, rng, piece):
    """A folder of a random shape with at least one byte in it."""
    root.mkdir()
    folders = [root]
    for _ in range(rng.randrange(1, 12)):
        folder, name = rng.choice(folders), rng.choice(NAMES)
        path = folder / name
        if path.exists():
            continue
        if rng.random() < 0.3:
            path.mkdir()
            folders.append(path)
        else:
            write(path, sizes(rng, piece), rng)
    write(root / "last", rng.randrange(1, piece + 2), rng)


def listed(root):
    """What a torrent of `root` holds, as libtorrent's add_file takes it, sorted by component."""
    if root.is_file():
        return [[root.name, root.stat().st_size, bool(root.stat().st_mode & 0o100), None]]
    found = []
    for folder, folders, names in os.walk(root):
        for name in names + [f for f in folders if os.path.islink(os.path.join(folder, f))]:
            path = pathlib.Path(folder, name)
            below = str(path.relative_to(root.parent))
            if path.is_symlink():
                target = os.path.relpath(os.path.normpath(path.parent / os.readlink(path)), root)
                found.append([below, 0, True, target])
            else:
                found.append([below, path.stat().st_size, bool(path.stat().st_mode & 0o100), None])
    return sorted(found, key=lambda entry: os.fsencode(entry[0]).split(b"/"))


def looks_alone(root, version):
    """In version 2 one file in a folder cannot be told from a file alone, and libtorrent takes it for the latter."""
    return version == "2" and root.is_dir() and [entry[0].count("/") for entry in listed(root)] == [1]


class Torrents(Case):
    def setUp(self):
        self.libtorrent = self.start(Libtorrent())
        self.work = self.folder()

    def ours(self, *args):
        out = str(self.work / "ours.torrent")
        done = run([tool("p2p-hash"), "--json", "--torrent", out, *map(str, args)])
        self.assertEqual(done.returncode, 0, done.stderr)
        return out, records(done.stdout)[0]

    def verified(self, torrent, path):
        done = run([tool("p2p-hash"), "--verify", str(torrent), str(path)])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def check_equal(self, root, version, piece, options=(), **request):
        """Ours and libtorrent's torrents of `root` are the same to the byte."""
        out, record = self.ours("--torrent-version", version, *(("--piece-size", f"{piece}B") if piece else ()),
                                *options, root)
        theirs = str(self.work / "theirs.torrent")
        if version == "1" and not request.get("align"):
            request.setdefault("files", listed(root))  # libtorrent keeps the order it finds files in
        expected = self.libtorrent.ask("create", path=str(root), out=theirs, version=version, piece_size=piece,
                                       **request)
        read = self.libtorrent.ask("info", file=out)
        self.assertEqual(read, expected)
        self.assertEqual(pathlib.Path(out).read_bytes(), pathlib.Path(theirs).read_bytes())
        self.assertEqual(record["infohash"], expected["v1"] or expected["v2"])
        self.assertEqual(record.get("infohash_v2"), expected["v2"])
        self.assertEqual(record["piece_size"], expected["piece_size"])
        self.assertEqual(record["name"], root.name if looks_alone(root, version) else expected["name"])
        return out, theirs

    def test_random_trees(self):
        rng = random.Random(SEED)
        for number in range(TREES):
            piece = rng.choice([BLOCK, 2 * BLOCK, 8 * BLOCK])
            root = self.work / f"tree{number}"
            make_tree(root, rng, piece)
            for version in ("1", "2", "hybrid"):
                with self.subTest(seed=SEED, tree=number, version=version, piece=piece):
                    ours, theirs = self.check_equal(root, version, piece)
                    self.verified(theirs, root)
                    self.verified(theirs, root.parent)
                    if number % 4 == 0:
                        folder = str(root if looks_alone(root, version) else self.work)
                        self.assertEqual(self.libtorrent.ask("recheck", file=ours, folder=folder), 1.0)
            with self.subTest(seed=SEED, tree=number, version="aligned 1", piece=piece):
                self.check_equal(root, "1", piece, ["--align"], align=True)

    def test_one_file(self):
        rng = random.Random(SEED)
        for piece in (BLOCK, 4 * BLOCK):
            for size in (1, BLOCK - 1, BLOCK, BLOCK + 1, piece, piece + 1, 3 * piece, 5 * piece + BLOCK + 7):
                path = self.work / f"file {piece} {size}"
                write(path, size, rng)
                for version in ("1", "2", "hybrid"):
                    with self.subTest(size=size, version=version, piece=piece):
                        ours, theirs = self.check_equal(path, version, piece)
                        self.verified(theirs, path)
                        self.verified(theirs, self.work)
                        self.assertEqual(self.libtorrent.ask("recheck", file=ours, folder=str(self.work)), 1.0)

    def test_one_file_in_a_folder(self):
        root = self.work / "folder"
        write(root / "inner" / "file", 3 * BLOCK + 1, random.Random(SEED))
        for version in ("1", "2", "hybrid"):
            with self.subTest(version=version):
                self.check_equal(root, version, BLOCK)

    def test_default_size_of_pieces(self):
        rng = random.Random(SEED)
        for size in (2684355, 2684356, 10737418, 10737419):
            path = self.work / f"f{size}"
            write(path, size, rng)
            self.check_equal(path, "hybrid", 0)

    def test_pieces_of_no_power_of_two(self):
        root = self.work / "tree"
        make_tree(root, random.Random(SEED), 3 * BLOCK)
        self.check_equal(root, "1", 3 * BLOCK)

    def test_links(self):
        root = self.work / "tree"
        rng = random.Random(SEED)
        write(root / "d" / "e" / "file", BLOCK + 1, rng)
        write(root / "top", 5, rng)
        (root / "d" / "up").symlink_to("../top")
        (root / "d" / "e" / "beside").symlink_to("file")
        (root / "to-folder").symlink_to("d/e")
        for version in ("1", "2", "hybrid"):
            with self.subTest(version=version):
                ours, _ = self.check_equal(root, version, BLOCK, ["--symlinks"], files=listed(root), symlinks=True)
                self.verified(ours, root)
        # Followed, each is what it points to.
        for version in ("2", "hybrid"):
            out, _ = self.ours("--torrent-version", version, root)
            self.verified(out, root)
            self.assertEqual(self.libtorrent.ask("recheck", file=out, folder=str(self.work)), 1.0)

    def test_what_stands_around(self):
        path = self.work / "file"
        write(path, 5, random.Random(SEED))
        for version in ("1", "2", "hybrid"):
            with self.subTest(version=version):
                self.check_equal(
                    path, version, BLOCK,
                    ["--announce", "http://a/announce", "--announce", "udp://b:1/announce", "--private", "--web-seed",
                     "http://w/1", "--web-seed", "http://w/2", "--comment", "a wörd", "--created-by", "us"],
                    private=True, trackers=["http://a/announce", "udp://b:1/announce"],
                    seeds=["http://w/1", "http://w/2"], comment="a wörd", creator="us")

    def test_magnet_links(self):
        path = self.work / "na me&ü"
        write(path, 5, random.Random(SEED))
        for version in ("1", "2", "hybrid"):
            with self.subTest(version=version):
                out, record = self.ours("--torrent-version", version, "--announce", "http://a/?x=1&y=2", "--web-seed",
                                        "http://w/ü", path)
                done = run([tool("p2p-hash"), "--magnet", out])
                self.assertEqual(done.returncode, 0, done.stderr)
                link = done.stdout.split("\t")[0]
                ours, theirs = (self.libtorrent.ask("magnet", link=l)
                                for l in (link, self.libtorrent.ask("link", file=out)))
                # libtorrent encodes web seeds once more when it reads a torrent.
                theirs["seeds"] = ["http://w/ü"]
                self.assertEqual(ours, theirs)

    def test_damage_is_found_by_both(self):
        rng = random.Random(SEED)
        root = self.work / "tree"
        write(root / "a", 5 * BLOCK, rng)
        write(root / "b", 5 * BLOCK + 9, rng)
        for version in ("1", "2", "hybrid"):
            with self.subTest(version=version):
                out, _ = self.ours("--torrent-version", version, "--piece-size", f"{BLOCK}B", root)
                whole = (root / "b").read_bytes()
                (root / "b").write_bytes(whole[:2 * BLOCK] + b"x" + whole[2 * BLOCK + 1:])
                done = run([tool("p2p-hash"), "--json", "--verify", out, str(root)])
                self.assertEqual(done.returncode, 1)
                bad = records(done.stdout)
                self.assertEqual([r["subject"] for r in bad], [str(root / "b"), out])
                self.assertEqual(bad[0]["pieces"], ["7"])
                self.assertLess(self.libtorrent.ask("recheck", file=out, folder=str(self.work)), 1.0)
                (root / "b").write_bytes(whole)

    def test_mktorrent(self):
        root = self.work / "tree"
        rng = random.Random(SEED)
        for name in ("a", "b/c", "b/d/e", "f"):
            write(root / name, rng.randrange(1, 200000), rng)
        for target in (root, root / "f"):
            theirs = self.work / "mk.torrent"
            theirs.unlink(missing_ok=True)
            subprocess.run(["mktorrent", "-l", "15", "-d", "-a", "http://t/", "-o", str(theirs), str(target)],
                           check=True, capture_output=True)
            self.verified(theirs, target)
            out, record = self.ours("--torrent-version", "1", "--piece-size", "32KiB", "--no-attributes", target)
            self.assertEqual(record["infohash"], self.libtorrent.ask("info", file=str(theirs))["v1"])


if __name__ == "__main__":
    unittest.main()
