"""libtorrent as a process: a JSON object a line in, its answer a line out.

It runs under the system's python3, which is where Debian's python3-libtorrent is.
"""
import json
import os
import sys
import time

import libtorrent as lt

FLAGS = {"1": lt.create_torrent.v1_only if hasattr(lt.create_torrent, "v1_only") else 64,
         "2": lt.create_torrent.v2_only, "hybrid": 0}


def create(path, out, version, piece_size=0, files=None, symlinks=False, align=False, private=False, trackers=(),
           seeds=(), comment="", creator=""):
    """`files` are [path, size, executable, link target], in order; without it libtorrent lists them itself."""
    storage = lt.file_storage()
    flags = FLAGS[version] | (lt.create_torrent.symlinks if symlinks else 0)
    flags |= lt.create_torrent.canonical_files if align else 0
    if files is None:
        lt.add_files(storage, path, flags=flags)
    else:
        for name, size, executable, target in files:
            kind = (lt.file_storage.flag_executable if executable else 0) | (lt.file_storage.flag_symlink if target else 0)
            storage.add_file(name, size, kind, 0, target or "")
    torrent = lt.create_torrent(storage, piece_size, flags)
    for tier, url in enumerate(trackers):
        torrent.add_tracker(url, tier)
    for url in seeds:
        torrent.add_url_seed(url)
    if comment:
        torrent.set_comment(comment)
    if creator:
        torrent.set_creator(creator)
    torrent.set_priv(private)
    lt.set_piece_hashes(torrent, os.path.dirname(path))
    made = torrent.generate()
    made.pop(b"creation date", None)
    with open(out, "wb") as file:
        file.write(lt.bencode(made))
    return info(out)


def info(file):
    torrent = lt.torrent_info(file)
    hashes, files = torrent.info_hashes(), torrent.files()
    return {"v1": str(hashes.v1) if hashes.has_v1() else None, "v2": str(hashes.v2) if hashes.has_v2() else None,
            "name": torrent.name(), "private": torrent.priv(), "piece_size": torrent.piece_length(),
            "pieces": torrent.num_pieces(), "comment": torrent.comment(), "creator": torrent.creator(),
            "trackers": [[t.url, t.tier] for t in torrent.trackers()], "seeds": [s["url"] for s in torrent.web_seeds()],
            "files": [[files.file_path(i), files.file_size(i), files.file_flags(i), files.symlink(i),
                       str(files.root(i))] for i in range(files.num_files())]}


def magnet(link):
    params = lt.parse_magnet_uri(link)
    hashes = params.info_hashes
    return {"v1": str(hashes.v1) if hashes.has_v1() else None, "v2": str(hashes.v2) if hashes.has_v2() else None,
            "name": params.name, "trackers": list(params.trackers), "seeds": list(params.url_seeds)}


def link(file):
    return lt.make_magnet_uri(lt.torrent_info(file))


SESSIONS = []


def session():
    """Ending one takes a second, so there is one for all. Nothing goes over a network."""
    if not SESSIONS:
        SESSIONS.append(lt.session({"listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False,
                                    "enable_upnp": False, "enable_natpmp": False, "alert_mask": 0}))
    return SESSIONS[0]


def recheck(file, folder, deadline=60):
    """The share of the data that libtorrent finds to be right, from 0 to 1."""
    handle = session().add_torrent({"ti": lt.torrent_info(file), "save_path": folder, "flags": 0})
    handle.force_recheck()
    states = lt.torrent_status.states
    until = time.monotonic() + deadline
    try:
        while time.monotonic() < until:
            status = handle.status()
            if status.errc.value() != 0:
                raise RuntimeError(status.errc.message())
            if status.state not in (states.checking_files, states.checking_resume_data, states.allocating):
                return status.progress
            time.sleep(0.005)
        raise RuntimeError("the recheck did not end in time")
    finally:
        session().remove_torrent(handle)


if __name__ == "__main__":
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": globals()[request.pop("do")](**request)}
        except Exception as error:  # whatever libtorrent throws is the answer
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
