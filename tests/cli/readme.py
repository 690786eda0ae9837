"""Runs README's commands as a reader would: every ```sh block in order, in one shell, in a fresh folder.

usage: readme.py README

The ```text block after a command is what the command prints on standard output, where … stands for
anything within a line. What is not run is named below, with the reason; a block that is named here and
stands no longer in README is an error, too.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

NOT_RUN = {
    "scripts/demo": "it builds the project and runs for a minute; CI runs it by itself",
    "scripts/test": "it runs this test",
    "scripts/package": "tests/cli/package.bats packs and installs what is built",
    "apt-get install ./build/release/p2p-utils_*.deb": "it changes the system",
}
# The slowest block waits three seconds for answers; a hang is what this catches.
DEADLINE_S = 60


def blocks(text):
    """(commands, expected output or None) of each ```sh block."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    for i, (kind, body) in enumerate(fences):
        if kind == "sh":
            follows = i + 1 < len(fences) and fences[i + 1][0] == "text"
            yield body, fences[i + 1][1] if follows else None
        elif kind == "text":
            if i == 0 or fences[i - 1][0] != "sh":
                sys.exit("a text block follows no commands")
        else:
            sys.exit(f"what is a block of '{kind}'?")


def matches(expected, printed):
    pattern = "[^\n]+".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, printed) is not None


def script_of(runnable):
    lines = ["set -eo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT", "exec </dev/null"]
    for number, (commands, _) in enumerate(runnable):
        lines += [f"exec >.out.{number}", f"echo {number} >.reached", commands]
    return "\n".join(lines)


def main(readme):
    excluded = set()
    runnable = []
    for commands, expected in blocks(readme.read_text(encoding="utf-8")):
        words = [line.partition("#")[0].strip() for line in commands.splitlines()]
        named = [line for line in words if line in NOT_RUN]
        if not named:
            runnable.append((commands, expected))
            continue
        if named != words:
            sys.exit(f"only a part of this block is named as not run:\n{commands}")
        for line in named:
            print(f"not run: {line}: {NOT_RUN[line]}")
        excluded.update(named)
    if excluded != set(NOT_RUN):
        sys.exit(f"not in README any more: {set(NOT_RUN) - excluded}")
    if not runnable:
        sys.exit("README has no commands")

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        done = subprocess.run(["bash", "-c", script_of(runnable)], cwd=folder, timeout=DEADLINE_S,
                              stderr=subprocess.PIPE, text=True)
        reached = int((folder / ".reached").read_text())
        sys.stderr.write(done.stderr)
        if done.returncode != 0:
            sys.exit(f"status {done.returncode} in:\n{runnable[reached][0]}")
        failed = False
        for number, (commands, expected) in enumerate(runnable):
            printed = (folder / f".out.{number}").read_text(encoding="utf-8")
            if matches(expected or "", printed):
                print(f"ok: {commands.strip()}")
                continue
            failed = True
            print(f"these commands:\n{commands}printed:\n{printed}and README says:\n{expected or ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    sys.exit(main(pathlib.Path(sys.argv[1])))
