#include "content/car/unixfs_walk.h"

#include <set>

#include "content/car/depth_first.h"
#include "content/directory.h"
#include "content/file_importer.h"
#include "unit/car/fixtures.h"

using namespace p2p;
using namespace p2p::car;
using content::Imported;
using content::PbNode;
using multiformats::Cid;
using multiformats::Codec;

namespace {

struct Dag {
  Dag() {
    profile.chunker = content::ChunkerSpec::fixed(10);
    profile.width = 3;
  }

  content::BlockSink sink() {
    return [this](const Cid& cid, ByteView block) -> Result<void> {
      P2P_TRY(const auto at, car.append(section_head(cid, block.size())));
      P2P_CHECK(car.append(block));
      return store.add(fingerprints.of(cid), at);
    };
  }
  Imported file(std::string_view content) {
    content::FileImporter importer(profile, sink());
    REQUIRE(importer.update(as_bytes(content)));
    return importer.finish().value();
  }
  /// A node as it is, right or wrong.
  Imported node(const PbNode& node) {
    return content::finish_block(profile, Codec::dag_pb, content::encode_dag_pb(node), {}, sink())
        .value();
  }

  content::Profile profile = *content::profile_by_name("v1");
  crypto::SeededRandom random{1};
  Fingerprinter fingerprints{random};
  MemoryScratch car;
  MemoryScratch scratch;
  Store store{car, fingerprints, scratch};
};

std::string digits(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ",";
  text.resize(size);
  return text;
}

struct Read {
  std::string data;
  std::size_t blocks = 0;
};

Result<Read> read(Dag& dag, const Cid& root, ByteRange range = {}) {
  Read read;
  FileWalk walk(
      dag.store, range,
      [&](const Cid&, ByteView) -> Result<void> {
        ++read.blocks;
        return {};
      },
      [&](ByteView data) -> Result<void> {
        read.data += as_text(data);
        return {};
      });
  P2P_CHECK(walk.run(root));
  return read;
}

}  // namespace

TEST_CASE("every range of files of every shape") {
  for (const auto layout :
       {content::Profile::Layout::balanced, content::Profile::Layout::trickle}) {
    for (const bool raw : {true, false}) {
      for (const std::size_t size : {0, 1, 10, 11, 95, 300}) {
        Dag dag;
        dag.profile.layout = layout;
        dag.profile.raw_leaves = raw;
        const auto content = digits(size);
        const auto root = dag.file(content);
        REQUIRE(dag.store.finish());
        CHECK(read(dag, root.cid)->data == content);
        CHECK(read_node(dag.store, root.cid)->size == size);
        for (std::size_t from = 0; from < size; from += 7) {
          for (std::size_t to = from; to <= size; to += 13) {
            CHECK(read(dag, root.cid, {from, to})->data == content.substr(from, to - from));
          }
        }
      }
    }
  }
}

TEST_CASE("a range takes only the blocks on its way") {
  Dag dag;
  const auto root = dag.file(digits(270));  // 27 leaves, below 9, 3 and 1 nodes
  REQUIRE(dag.store.finish());
  CHECK(read(dag, root.cid, {0, 1})->blocks == 4);
  CHECK(read(dag, root.cid, {95, 96})->blocks == 4);
  CHECK(read(dag, root.cid, {9, 11})->blocks == 5);
  CHECK(read(dag, root.cid)->blocks == 40);
}

TEST_CASE("sizes that contradict each other are refused, whichever part they are of") {
  Dag dag;
  const auto leaf = dag.file("ten bytes!");
  const auto wrong = [&](std::vector<std::uint64_t> sizes, std::size_t links) {
    PbNode node;
    for (std::size_t i = 0; i < links; ++i) node.links.push_back({leaf.cid, "", 10});
    std::uint64_t sum = 0;
    for (const auto size : sizes) sum += size;
    node.data = content::unixfs_file(sum, sizes);
    return dag.node(node);
  };
  const auto fine = wrong({10, 10}, 2);
  const Imported bad[] = {wrong({10, 9}, 2), wrong({10, 11}, 2), wrong({10}, 2),
                          wrong({10, 10}, 1)};
  PbNode of_folder;
  of_folder.links.push_back({dag.node({{}, content::unixfs_directory(), false}).cid, "", 1});
  const std::uint64_t one[] = {1};
  of_folder.data = content::unixfs_file(1, one);
  const auto folder = dag.node(of_folder);
  REQUIRE(dag.store.finish());
  CHECK(read(dag, fine.cid)->data == "ten bytes!ten bytes!");
  for (const auto& file : bad) {
    const auto found = read(dag, file.cid);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Code::parse);
  }
  CHECK_FALSE(read(dag, folder.cid));
}

TEST_CASE("folders, sharded or not, are walked and looked up alike") {
  for (const std::size_t fanout : {8, 256, 1024}) {
    for (const std::size_t threshold : {std::size_t{0}, content::kShardThreshold}) {
      CAPTURE(fanout);
      CAPTURE(threshold);
      Dag dag;
      dag.profile.fanout = fanout;
      dag.profile.shard_threshold = threshold;
      content::DirectoryImporter inner(dag.profile, dag.sink());
      REQUIRE(inner.add("deep", dag.file("deep")));
      content::DirectoryImporter directory(dag.profile, dag.sink());
      REQUIRE(directory.add("inner", inner.finish().value()));
      REQUIRE(
          directory.add("link", content::import_symlink(dag.profile, "to", dag.sink()).value()));
      for (int i = 0; i < 500; ++i) {
        REQUIRE(directory.add("file" + std::to_string(i), dag.file(std::to_string(i))));
      }
      const auto root = directory.finish().value();
      REQUIRE(dag.store.finish());

      CHECK(resolve(dag.store, root.cid, "")->kind == Node::Kind::directory);
      CHECK(resolve(dag.store, root.cid, "link")->target == "to");
      for (int i = 0; i < 500; ++i) {
        const auto node = resolve(dag.store, root.cid, "file" + std::to_string(i));
        REQUIRE(node);
        CHECK(read(dag, node->cid)->data == std::to_string(i));
      }
      CHECK(resolve(dag.store, root.cid, "/inner//deep/")->size == 4);
      CHECK(resolve(dag.store, root.cid, "nosuch").error().code == Code::not_found);
      CHECK(resolve(dag.store, root.cid, "inner/nosuch").error().code == Code::not_found);
      CHECK(resolve(dag.store, root.cid, "file1/x").error().code == Code::not_found);
      CHECK_FALSE(resolve(dag.store, root.cid, ".."));

      TreeWalk walk(dag.store);
      REQUIRE(walk.start(resolve(dag.store, root.cid, "").value()));
      std::set<std::string> seen;
      std::size_t entered = 0;
      std::size_t left = 0;
      for (;;) {
        const auto entry = walk.next();
        REQUIRE(entry);
        if (!*entry) break;
        using Kind = TreeWalk::Entry::Kind;
        if ((*entry)->kind == Kind::leave) {
          ++left;
          continue;
        }
        entered += (*entry)->kind == Kind::enter ? 1 : 0;
        CHECK((*entry)->kind != Kind::unreadable);
        CHECK(seen.insert((*entry)->name).second);
      }
      CHECK(seen.size() == 503);
      CHECK(entered == 1);
      CHECK(left == 1);
    }
  }
}

TEST_CASE(
    "a folder that is passed over is passed over whole, and what is missing is told in place") {
  Dag dag;
  content::DirectoryImporter inner(dag.profile, dag.sink());
  REQUIRE(inner.add("deep", dag.file("deep")));
  content::DirectoryImporter directory(dag.profile, dag.sink());
  REQUIRE(directory.add("a", inner.finish().value()));
  REQUIRE(directory.add("b", Imported{raw_block("missing").cid, 7, 7, 1}));
  REQUIRE(directory.add("c", dag.file("c")));
  const auto root = directory.finish().value();
  REQUIRE(dag.store.finish());
  TreeWalk walk(dag.store);
  REQUIRE(walk.start(resolve(dag.store, root.cid, "").value()));
  using Kind = TreeWalk::Entry::Kind;
  CHECK((*walk.next())->kind == Kind::enter);
  walk.skip();
  const auto missing = walk.next().value();
  CHECK(missing->kind == Kind::unreadable);
  CHECK(missing->name == "b");
  CHECK(missing->error->code == Code::not_found);
  CHECK((*walk.next())->name == "c");
  CHECK_FALSE(*walk.next());
}

TEST_CASE("shards that are none, and folders too deep, come to an end") {
  Dag dag;
  // A shard whose subshard is a plain folder, and one that has an entry without a slot.
  PbNode plain{{}, content::unixfs_directory(), false};
  PbNode shard;
  shard.links.push_back({dag.node(plain).cid, "00", 1});
  shard.data = content::unixfs_shard(Bytes{1}, 256);
  const auto wrong = dag.node(shard);
  shard.links.front().name = "0";
  const auto nameless = dag.node(shard);

  Imported folder = dag.node(plain);
  for (std::size_t i = 0; i <= TreeWalk::kMaxDepth; ++i) {
    PbNode outer = plain;
    outer.links.push_back({folder.cid, "x", 1});
    folder = dag.node(outer);
  }
  REQUIRE(dag.store.finish());
  for (const auto& root : {wrong, nameless, folder}) {
    TreeWalk walk(dag.store);
    REQUIRE(walk.start(read_node(dag.store, root.cid).value()));
    bool fault = false;
    for (std::size_t i = 0; i < 10 * TreeWalk::kMaxDepth; ++i) {
      const auto entry = walk.next();
      if (!entry || !*entry) {
        fault = fault || !entry;
        break;
      }
      fault = fault || (*entry)->kind == TreeWalk::Entry::Kind::unreadable;
    }
    CHECK(fault);
  }
}

TEST_CASE("blocks that are no UnixFS are told as such") {
  Dag dag;
  const auto bare = dag.node({{}, to_bytes("\x08\x09"), false});
  const auto nothing = dag.node({});
  const auto list = list_block({});
  REQUIRE(dag.sink()(list.cid, list.bytes));
  REQUIRE(dag.store.finish());
  CHECK(read_node(dag.store, bare.cid).error().code == Code::parse);
  CHECK(read_node(dag.store, nothing.cid).error().code == Code::unsupported);
  CHECK(read_node(dag.store, list.cid).error().code == Code::unsupported);
}

TEST_CASE("large nodes within one another are let go, and read again on the way back") {
  // Four of some 3 MB each, where 8 MiB are held: each begins with the one below it.
  constexpr std::size_t kLinks = 60'000;
  Dag dag;
  const auto leaf = dag.file("x");
  Imported file = leaf;
  Imported folder = dag.node({{}, content::unixfs_directory(), false});
  for (int level = 0; level < 4; ++level) {
    PbNode parts;
    parts.links.push_back({file.cid, "", 1});
    std::vector<std::uint64_t> sizes{static_cast<std::uint64_t>(level) * kLinks + 1};
    PbNode entries;
    entries.links.push_back({folder.cid, "below", 1});
    for (std::size_t i = 0; i < kLinks; ++i) {
      parts.links.push_back({leaf.cid, "", 1});
      sizes.push_back(1);
      entries.links.push_back({leaf.cid, "f" + std::to_string(i), 1});
    }
    std::uint64_t sum = 0;
    for (const auto size : sizes) sum += size;
    parts.data = content::unixfs_file(sum, sizes);
    entries.data = content::unixfs_directory();
    file = dag.node(parts);
    folder = dag.node(entries);
  }
  REQUIRE(dag.store.finish());

  std::uint64_t bytes = 0;
  FileWalk walk(dag.store, {}, {}, [&](ByteView data) -> Result<void> {
    bytes += data.size();
    return {};
  });
  CHECK(walk.run(file.cid).value() == 4 * kLinks + 1);
  CHECK(bytes == 4 * kLinks + 1);

  TreeWalk tree(dag.store);
  REQUIRE(tree.start(read_node(dag.store, folder.cid).value()));
  std::size_t files = 0;
  for (;;) {
    const auto entry = tree.next();
    REQUIRE(entry);
    if (!*entry) break;
    files += (*entry)->kind == TreeWalk::Entry::Kind::file ? 1 : 0;
  }
  CHECK(files == 4 * kLinks);

  std::size_t blocks = 0;
  DepthFirst all(dag.store);
  for (const auto& root : {file, folder}) {
    REQUIRE(all.run(root.cid, [&](const Cid&, ByteView) -> Result<void> {
      ++blocks;
      return {};
    }));
  }
  CHECK(blocks == 10);
}

TEST_CASE("sixty levels of blocks that each link twice to the next come to an end") {
  Dag dag;
  const auto leaf = dag.file("content");
  const std::uint64_t none[] = {0, 0};
  Imported empty = dag.node({{}, content::unixfs_file(0, {}), false});
  Imported folder = dag.node({{}, content::unixfs_directory(), false});
  Imported shard = dag.node({{}, content::unixfs_shard(Bytes{}, 256), false});
  for (int level = 0; level < 60; ++level) {
    empty =
        dag.node({{{empty.cid, "", 0}, {empty.cid, "", 0}}, content::unixfs_file(0, none), false});
    folder = dag.node(
        {{{folder.cid, "a", 0}, {folder.cid, "b", 0}}, content::unixfs_directory(), false});
    // No deeper than a name's hash reaches, so there are more links.
    if (level >= 7) continue;
    PbNode wide{{}, content::unixfs_shard(Bytes{1}, 256), false};
    for (int i = 0; i < 64; ++i) wide.links.push_back({shard.cid, "00", 0});
    shard = dag.node(wide);
  }
  // Empty parts behind others are passed over, as empty ones in front are.
  const std::uint64_t sizes[] = {7, 0};
  const auto file =
      dag.node({{{leaf.cid, "", 7}, {empty.cid, "", 0}}, content::unixfs_file(7, sizes), false});
  REQUIRE(dag.store.finish());
  const auto all = read(dag, file.cid);
  REQUIRE(all);
  CHECK(all->data == "content");
  CHECK(all->blocks == 2);
  for (const auto& root : {folder, shard}) {
    TreeWalk walk(dag.store);
    REQUIRE(walk.start(read_node(dag.store, root.cid).value()));
    auto entry = walk.next();
    std::uint64_t entries = 0;
    for (; entry && *entry && entries <= 4 * TreeWalk::kFreeLinks; ++entries) entry = walk.next();
    REQUIRE_FALSE(entry);
    CHECK(entry.error().code == Code::limit);
  }
}
