"""Side by side in one run: our tools and the programs they are compared with, as Markdown tables.

Every figure is a median of interleaved rounds, with the least and the greatest beside it; ratios are
of medians, and above 1.00 means that ours is better. Called by scripts/bench, which builds everything
and sets P2P_BIN and the foreign peers.
"""
import os
import pathlib
import platform
import shutil
import sys
import tempfile

import hashing
import network
from common import KUBO, ROUNDS, cpu_name, output

PARTS = {"network": network.run, "hash": hashing.run}


def main():
    chosen = sys.argv[1:] or list(PARTS)
    for name in chosen:
        if name not in PARTS:
            sys.exit(f"bench: error: no part '{name}'\nhint: the parts are {', '.join(PARTS)}")
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    print(f"Machine: {cpu_name()}, {cores} cores, {platform.system()} {platform.release()}; load before: {load:.2f}; "
          f"{ROUNDS} rounds, interleaved.\nPeers: {output([KUBO, 'version']).strip()}; go-libp2p as in "
          f"tests/interop/peers/go/go.mod; {output(['sha256sum', '--version']).splitlines()[0]}; "
          f"{output(['openssl', 'version']).strip()}; {hashing.versions()}.")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="p2p-bench-"))
    try:
        for name in chosen:
            PARTS[name](folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
