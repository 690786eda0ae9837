#!/usr/bin/env python3
"""The house rules that a machine can check: layers, includes, coroutine operands, ambient time.

usage: check.py SOURCE_ROOT
Prints one line a breach, FILE:LINE: what and why; exits 1 if there is any.
"""
import pathlib
import re
import subprocess
import sys

# A layer may include itself and any layer before it.
LAYERS = ["base", "crypto", "codec", "multiformats", "record", "runtime", "runtime/uv", "runtime/sim",
          "libp2p", "libp2p/gossipsub", "libp2p/mdns", "content", "content/torrent", "content/car",
          "files", "chain/consensus", "chain/ledger", "chain/store",
          "chain/manager", "chain/miner", "chain/sync", "cli"]
# Order alone is not enough: these never see a runtime's insides, only its interfaces.
NEVER = {layer: {"runtime/uv", "runtime/sim"} for layer in LAYERS
         if layer.startswith(("libp2p", "content", "files", "chain"))}
OUTSIDE = {  # header prefix -> the only folder that may include it
    "cryptopp/": "crypto", "openssl/": "crypto", "secp256k1": "crypto",
    "cbor.h": "codec", "nlohmann/": "codec",
    "uv.h": "runtime/uv", "ares": "runtime/uv", "sqlite3": "chain/store", "CLI/": "cli",
    "re2/": "content",
}
AMBIENT = re.compile(
    r"std::chrono::\w+_clock::now|\brandom_device\b|\bstd::uniform_|\bsleep_for\(\s*std::|\busleep\("
    r"|\bstd::rand\b|\bgettimeofday\b|\bclock_gettime\b|\bgetrandom\b|[^\w.>:]time\((nullptr|NULL|0)\)")
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MOST_LINES = 800


def sources(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True,
                            text=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:  # an unpacked archive has no git
        names = [str(p.relative_to(root)) for p in root.rglob("*") if "build" not in p.parts]
    return [root / n for n in names if n.endswith((".h", ".cpp")) and (root / n).exists()]


def layer_of(path):
    """The most specific layer that holds a path below libcommon."""
    best = None
    for layer in LAYERS:
        if str(path).startswith(layer + "/") and (best is None or len(layer) > len(best)):
            best = layer
    return best


def strip_comments(text):
    keep_lines = lambda m: "\n" * m.group(0).count("\n")
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    text = re.sub(r"/\*.*?\*/", keep_lines, text, flags=re.S)
    return re.sub(r"//[^\n]*", "", text)


def await_operands(code):
    """Each co_await's operand with its line: up to the `;` or closing bracket at the same depth."""
    for match in re.finditer(r"(?<!operator )\bco_await\b", code):
        depth, end = 0, match.end()
        while end < len(code):
            c = code[end]
            if c in "([":
                depth += 1
            elif c in ")]":
                depth -= 1
                if depth < 0:
                    break
            elif c == ";" and depth == 0:
                break
            elif c == "{" and depth == 0:
                # `if (co_await x) {` has left the operand by the closing bracket before.
                pass
            end += 1
        yield code.count("\n", 0, match.start()) + 1, code[match.end():end]


def check(root):
    breaches = []

    def say(path, line, what):
        breaches.append(f"{path.relative_to(root)}:{line}: {what}")

    common = root / "libcommon"
    for path in sources(root):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        if len(lines) > MOST_LINES:
            say(path, len(lines), f"longer than {MOST_LINES} lines: split it along its seams")
        layer = layer_of(path.relative_to(common)) if path.is_relative_to(common) else None
        if path.is_relative_to(common) and layer is None:
            say(path, 1, "belongs to no layer")
        for number, line in enumerate(lines, 1):
            if len(line) > 100 and "http" not in line and not path.is_relative_to(root / "tests"):
                say(path, number, "longer than 100 columns")
            if MARKS.search(line) and not path.is_relative_to(root / "tests" / "style"):
                say(path, number, "unfinished mark")
            found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not found:
                continue
            name = found.group(2)
            for prefix, home in OUTSIDE.items():
                # A test's file system plugs into SQLite itself.
                if prefix == "sqlite3" and path.is_relative_to(root / "tests" / "support"):
                    continue
                if found.group(1) == "<" and name.startswith(prefix) and layer != home \
                        and not path.is_relative_to(root / "tests" / "bench"):  # it measures them
                    say(path, number, f"<{name}> may be included only in {home}/")
            target = layer_of(pathlib.Path(name))
            if layer and target and found.group(1) == '"':
                if LAYERS.index(target) > LAYERS.index(layer) or target in NEVER.get(layer, ()):
                    say(path, number, f"{layer}/ must not include {target}/")
            if layer and found.group(1) == '"' and not (common / name).exists():
                say(path, number, f'"{name}" is not an include from the root of libcommon')
        code = strip_comments(text)
        if layer and not layer.startswith("runtime/uv"):
            for number, line in enumerate(code.splitlines(), 1):
                if AMBIENT.search(line) and not (layer == "crypto" and "random" in path.name):
                    say(path, number, "ambient time, randomness or sleep: it is handed in (runtime/)")
        for number, operand in await_operands(code):
            if "{" in operand or "?" in operand or re.search(r"\[[^\]]*\]\s*\(", operand):
                say(path, number, "co_await operand with a brace, lambda or ?: (g++ 12 miscompiles it)")
    return breaches


if __name__ == "__main__":
    found = check(pathlib.Path(sys.argv[1]).resolve())
    print("\n".join(found) if found else "house rules: no breach")
    sys.exit(1 if found else 0)
