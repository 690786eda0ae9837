#!/usr/bin/env bats
# What is installed and packed is all there, and where Debian looks for it.

bats_require_minimum_version 1.5.0
load checks

setup() {
  build=$(cd "$P2P_BIN/.." && pwd)
  cd "$P2P_SOURCE"
}

# expected_files: what belongs below /usr.
expected_files() {
  local tool
  for tool in p2p-chain p2p-discover p2p-gossip p2p-hash p2p-probe; do
    echo "bin/$tool"
    echo "share/bash-completion/completions/$tool"
    echo "share/fish/vendor_completions.d/$tool.fish"
    echo "share/zsh/vendor-completions/_$tool"
    echo "share/man/man1/$tool.1.gz"
  done
  printf 'share/doc/p2p-utils/%s\n' README.md changelog.gz copyright
}

@test "cmake --install puts programs, manuals and completions where Debian looks, and nothing else" {
  cmake --install "$build" --prefix "$BATS_TEST_TMPDIR/usr" >"$BATS_TEST_TMPDIR/log"
  diff <(expected_files | sort) <(cd "$BATS_TEST_TMPDIR/usr" && find . -type f -printf '%P\n' | sort)
  "$BATS_TEST_TMPDIR/usr/bin/p2p-hash" --version
  gzip -t "$BATS_TEST_TMPDIR"/usr/share/man/man1/*.gz
}

@test "cpack -G DEB packs the same files, and lintian has no errors" {
  (cd "$BATS_TEST_TMPDIR" && cpack -G DEB --config "$build/CPackConfig.cmake" -B packed >log) ||
    { cat "$BATS_TEST_TMPDIR/log"; false; }
  local package
  package=$(ls "$BATS_TEST_TMPDIR"/packed/p2p-utils_*.deb)
  diff <(expected_files | sed 's#^#./usr/#' | sort) \
    <(dpkg-deb --fsys-tarfile "$package" | tar -t | grep -v '/$' | sort)
  [[ $(dpkg-deb --field "$package" Depends) =~ libuv1.*libc6|libc6.*libuv1 ]]
  lintian --fail-on error --allow-root "$package"
}
