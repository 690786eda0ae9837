"""What the benchmarks share: running programs, and tables of their figures."""
import os
import pathlib
import platform
import statistics
import subprocess
import sys

BIN = pathlib.Path(os.environ["P2P_BIN"])
KUBO = os.environ["P2P_KUBO"]
GOPEER = os.environ["P2P_GOPEER"]
BENCH = str(BIN / "p2p-bench")
GIB = 1 << 30
ROUNDS = int(os.environ.get("ROUNDS", "5"))


def pinned(core, argv):
    """One core a process: a two-core machine gives each side of a connection its own."""
    return ["taskset", "-c", str(core), *argv]


def output(argv, **kwargs):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **kwargs)
    if done.returncode != 0:
        sys.exit(f"bench: error: {' '.join(argv)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def show(title, unit, rows, baseline, higher_is_better=True):
    """rows: name -> list of figures. The baseline is ours; ratios say how it compares with each."""
    print(f"\n### {title}\n\n| | median, {unit} | least | greatest | ours ÷ this |\n|---|---:|---:|---:|---:|")
    ours = statistics.median(rows[baseline])
    for name, figures in rows.items():
        median = statistics.median(figures)
        ratio = ours / median if higher_is_better else median / ours
        print(f"| {name} | {median:,.3g} | {min(figures):,.3g} | {max(figures):,.3g} | {ratio:.2f} |"
              if median < 100 else
              f"| {name} | {median:,.0f} | {min(figures):,.0f} | {max(figures):,.0f} | {ratio:.2f} |")
    sys.stdout.flush()
