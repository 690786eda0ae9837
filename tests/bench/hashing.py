"""p2p-hash beside the programs that people use for the same: one file of 1 GiB, and 20,000 of 4 KiB."""
import os
import shutil
import subprocess
import time

from common import BENCH, BIN, GIB, KUBO, ROUNDS, output, show

HASH = str(BIN / "p2p-hash")
B3SUM = os.environ["P2P_B3SUM"]
FILES, FILE_SIZE = 20_000, 4096


def versions():
    made = subprocess.run(["mktorrent", "-h"], capture_output=True, text=True, check=False).stdout.split("(")[0]
    return f"{output([B3SUM, '--version']).strip()}; {made.strip()}; {output(['rhash', '--version']).strip()}"


def keystream(size, path):
    """Bytes that do not compress and are the same in every run."""
    zeros = subprocess.Popen(["head", "-c", str(size), "/dev/zero"], stdout=subprocess.PIPE)
    with open(path, "wb") as out:
        subprocess.run(["openssl", "enc", "-aes-128-ctr", "-K", "0" * 32, "-iv", "0" * 32], check=True,
                       stdin=zeros.stdout, stdout=out)


def one_file(folder):
    path = folder / "gib"
    keystream(GIB, path)
    subprocess.run(["cat", str(path)], stdout=subprocess.DEVNULL, check=True)  # into the page cache
    return str(path)


def many_files(folder):
    tree = folder / "tree"
    keystream(FILES * FILE_SIZE, folder / "all")
    data = memoryview((folder / "all").read_bytes())
    for i in range(FILES):
        part = tree / f"{i % 100:02d}"
        part.mkdir(parents=True, exist_ok=True)
        (part / f"{i:05d}").write_bytes(data[i * FILE_SIZE:(i + 1) * FILE_SIZE])
    return str(tree)


def race(title, size, commands, env=None, prepare=lambda: None):
    """The first is ours. A figure is MB of input in a second of the whole command."""
    rates = {}
    for _ in range(ROUNDS):
        for name, argv in commands.items():
            prepare()
            start = time.monotonic()
            output(argv, env=env)
            rates.setdefault(name, []).append(size / (time.monotonic() - start) / 1e6)
    show(title, "MB/s", rates, next(iter(commands)))


def each(tree, *argv):
    """A command that takes file names, over all files of the tree, as people write it."""
    return ["sh", "-c", f"find {tree} -type f -print0 | xargs -0 \"$@\"", "sh", *argv]


def memory_floor():
    """What hashing alone costs: the same chunk, in memory, again and again."""
    rates = {}
    for _ in range(ROUNDS):
        for name, algorithm, threads in (("SHA-256, one thread", "sha2-256", 1), ("SHA-256, two threads", "sha2-256", 2),
                                         ("BLAKE3, one thread", "blake3", 1), ("BLAKE3, two threads", "blake3", 2)):
            words = output([BENCH, "hash", algorithm, str(threads), str(GIB)]).split()
            rates.setdefault(name, []).append(int(words[2]) / float(words[3]) / 1e6)
    show("Hashing alone: 256 KiB in memory, 1 GiB in all", "MB/s", rates, "SHA-256, two threads")


def run(folder):
    kubo = dict(os.environ, IPFS_PATH=str(folder / "ipfs-hash"))
    output([KUBO, "init", "--profile=test"], env=kubo)
    torrent = str(folder / "out.torrent")

    def no_torrent():
        if os.path.exists(torrent):
            os.remove(torrent)

    memory_floor()
    for what, size, path, spread in (("1 GiB", GIB, one_file(folder), lambda *argv: [*argv, path]),
                                     ("20,000 files of 4 KiB", FILES * FILE_SIZE, many_files(folder),
                                      lambda *argv: each(path, *argv))):
        ours = [HASH, "-r", path]
        one = [*ours, "--jobs", "1"]
        race(f"SHA-256, {what}", size, {
            "p2p-hash": ours, "p2p-hash --jobs 1": one,
            "openssl dgst -sha256": spread("openssl", "dgst", "-sha256"),
            "sha256sum": spread("sha256sum"), "rhash --sha256": ["rhash", "-r", "--sha256", path]})
        race(f"BLAKE3, one thread, {what}", size, {
            "p2p-hash -a blake3 --jobs 1": [*one, "-a", "blake3"],
            "b3sum --num-threads 1": spread(B3SUM, "--num-threads", "1")})
        race(f"BLAKE3, two threads, {what}", size, {
            "p2p-hash -a blake3 --jobs 2": [*ours, "--jobs", "2", "-a", "blake3"],
            "b3sum --num-threads 2": spread(B3SUM, "--num-threads", "2")})
        race(f"BLAKE2b, {what}", size, {
            "p2p-hash -a blake2b-512": [*ours, "-a", "blake2b-512"], "b2sum": spread("b2sum")})
        race(f"SHA-256 and BLAKE3 in one read, {what}", size, {
            "p2p-hash -a sha2-256,blake3": [*ours, "-a", "sha2-256,blake3"],
            "openssl dgst, then b3sum": ["sh", "-c", 'openssl dgst -sha256 "$1" && "$2" "$1"', "sh", path, B3SUM]
            if os.path.isfile(path) else
            ["sh", "-c", f'find {path} -type f -print0 | xargs -0 openssl dgst -sha256 && '
             f'find {path} -type f -print0 | xargs -0 "$1"', "sh", B3SUM]})
        race(f"CIDs, {what}", size, {
            "p2p-hash --cid": [HASH, "--cid", "-r", path], "p2p-hash --cid --jobs 1": [HASH, "--cid", "-r", "--jobs", "1", path],
            "ipfs add --only-hash": [KUBO, "add", "-r", "--only-hash", "-Q", path]}, env=kubo)
        for threads in ("1", "2"):
            race(f"Torrent (v1, pieces of 256 KiB), {threads} thread{'s' * (threads != '1')}, {what}", size, {
                "p2p-hash --torrent": [HASH, "--torrent", torrent, "--torrent-version", "1", "--piece-size", "256KiB",
                                       "--jobs", threads, path],
                "mktorrent": ["mktorrent", "-t", threads, "-l", "18", "-o", torrent, path]}, prepare=no_torrent)
        if os.path.isfile(path):
            os.remove(path)
    shutil.rmtree(folder / "tree", ignore_errors=True)
