// --extract: files and folders out of a CAR.
#include "base/path.h"
#include "base/utf8.h"
#include "car_source.h"
#include "content/car/unixfs_walk.h"
#include "files/output.h"
#include "files/tree_writer.h"
#include "files/walk.h"
#include "meter.h"
#include "mode.h"
#include "report.h"

namespace p2p::hash {

namespace {

using car::Node;
using files::TreeWriter;

/// The last name of a path within the DAG; none for the root.
std::string last_name(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return split_path(path).second;
}

class Extractor {
 public:
  Extractor(cli::Console& console, const Options& options, car::Store& store, bool replace)
      : console_(console), options_(options), store_(store), replace_(replace), meter_(console) {}

  /// Whether everything came out. Only what keeps us from going on is an error: reading and
  /// writing that fails.
  Result<bool> run(const std::string& name) {
    meter_.begin(name, std::nullopt);
    const auto& roots = store_.header().roots;
    if (roots.empty()) return fail(Code::not_found, "extract", name, "its header names no root");
    several_ = roots.size() * std::max<std::size_t>(options_.files.size(), 1) > 1;
    std::size_t failed = 0;
    for (const auto& root : roots) {
      bool good = true;
      const auto try_path = [&](const std::string& path) -> Result<void> {
        const auto done = extract(root, path);
        good = good && done;
        if (done || (failed >= kMostTold && done.error().code != Code::io)) return {};
        return complain_or_stop(path.empty() ? root.text() : path, done.error());
      };
      if (options_.files.empty()) P2P_CHECK(try_path(""));
      for (const auto& path : options_.files) P2P_CHECK(try_path(path));
      if (!good) ++failed;
    }
    if (failed > kMostTold) {
      const auto more = std::to_string(failed - kMostTold);
      complain(console_, name, Error(Code::limit, "so it is with " + more + " more of its roots"));
    }
    return good_;
  }

 private:
  /// A header can name 100,000 roots that are not there, and what is wrong with a few says enough.
  static constexpr std::size_t kMostTold = 10;

  Result<void> extract(const multiformats::Cid& root, const std::string& path) {
    P2P_TRY(const auto node, car::resolve(store_, root, path));
    return place(node, last_name(path));
  }

  /// Decides where it goes: what has no name in the DAG is called by its CID, but a root folder's
  /// entries go where the folder would.
  Result<void> place(const Node& node, const std::string& name) {
    const bool folder = node.kind == Node::Kind::directory;
    const auto& output = options_.output;
    if (output == "-") {
      if (folder || node.kind == Node::Kind::symlink) {
        return fail(Code::invalid_argument, "only a file can go to standard output");
      }
      return copy(node, [this](ByteView data) -> Result<void> {
        meter_.hide();
        console_.out().write(data);
        return {};
      });
    }
    const std::string own = name.empty() ? node.cid.text() : name;
    if (folder && (output || name.empty())) {
      P2P_TRY(auto writer, open(output.value_or(".")));
      return tree(writer, node, output.value_or("."));
    }
    const bool into =
        output && (several_ || output->ends_with('/') || files::is_directory(*output));
    const auto [where, called] = !output ? std::pair(std::string("."), own)
                                 : into  ? std::pair(*output, own)
                                         : split_path(*output);
    const auto path = output && !into ? *output : join_path(where, called);
    if (!into && node.kind == Node::Kind::file && is_special(path)) return pour(node, path);
    P2P_TRY(auto writer, open(where));
    if (!folder) return at(path, entry(writer, node, called, path));
    P2P_CHECK(writer.enter(called));
    P2P_CHECK(tree(writer, node, path));
    return writer.leave(node.metadata);
  }

  Result<TreeWriter> open(const std::string& folder) const {
    auto writer = TreeWriter::open(folder, replace_);
    if (!writer) return fail(std::move(writer).error().during("write to", folder));
    return writer;
  }

  static Result<void> at(const std::string& path, Result<void> written) {
    if (written) return {};
    return fail(std::move(written).error().during("write", path));
  }

  /// A device or a FIFO, which is written to, never replaced.
  static bool is_special(const std::string& path) {
    const auto status = files::path_status(path);
    return status && status->kind == files::Kind::other;
  }

  Result<void> pour(const Node& node, const std::string& path) {
    P2P_TRY(auto file, files::OutputFile::create(path));
    P2P_CHECK(copy(node, [&](ByteView data) { return file.write(data); }));
    return file.commit();
  }

  /// Code::limit where all that is in a folder does not fit together: a few blocks that are linked
  /// to over and over would fill any disk. Files that do not even fit alone are not counted, since
  /// entry() refuses them, and what will be replaced makes room.
  Result<void> check_room(const TreeWriter& writer, const Node& folder, const std::string& path) {
    const auto room = writer.room();
    auto blocks = room.blocks;
    auto files = room.files;
    car::TreeWalk walk(store_);
    P2P_CHECK(walk.start(folder));
    std::vector<std::string> paths{path};
    using Kind = car::TreeWalk::Entry::Kind;
    for (;;) {
      P2P_TRY(const auto found, walk.next());
      if (!found) return {};
      if (found->kind == Kind::leave) paths.pop_back();
      if (found->kind == Kind::leave || found->kind == Kind::unreadable) continue;
      if (!files::check_name(found->name)) {
        if (found->kind == Kind::enter) walk.skip();
        continue;
      }
      const auto here = join_path(paths.back(), found->name);
      if (found->kind == Kind::enter) paths.push_back(here);
      const auto there = files::link_status(here);
      if (there) {
        const bool file = found->kind == Kind::file && there->kind == files::Kind::regular;
        if (file && replace_ && room.blocks != UINT64_MAX) blocks += room.blocks_of(there->size);
        if (!file || !replace_) continue;
      } else if (files-- == 0) {
        return fail(Code::limit, "it holds more files and folders than the " +
                                     std::to_string(room.files) +
                                     " that the file system has room for");
      }
      if (found->kind != Kind::file) continue;
      const auto needed = room.blocks_of(found->node.size);
      if (needed > room.blocks) continue;
      if (needed > blocks) {
        return fail(Code::limit, "its files do not fit together into the " +
                                     std::to_string(room.bytes()) +
                                     " bytes that are free on the file system");
      }
      blocks -= needed;
    }
  }

  /// What is in a folder; faults are told where they are, and the rest goes on.
  Result<void> tree(TreeWriter& writer, const Node& folder, const std::string& path) {
    P2P_CHECK(check_room(writer, folder, path));
    car::TreeWalk walk(store_);
    P2P_CHECK(walk.start(folder));
    std::vector<std::string> paths{path};
    using Kind = car::TreeWalk::Entry::Kind;
    for (;;) {
      P2P_TRY(const auto found, walk.next());
      if (!found) return {};
      if (found->kind == Kind::leave) {
        const auto left = writer.leave(found->node.metadata);
        if (!left) P2P_CHECK(complain_or_stop(paths.back(), left.error()));
        paths.pop_back();
        continue;
      }
      const auto here = join_path(paths.back(), found->name);
      if (found->kind == Kind::unreadable) {
        P2P_CHECK(complain_or_stop(here, *found->error));
        continue;
      }
      const auto done = found->kind == Kind::enter ? writer.enter(found->name)
                                                   : entry(writer, found->node, found->name, here);
      if (!done) P2P_CHECK(complain_or_stop(here, done.error()));
      if (found->kind != Kind::enter) continue;
      if (done) {
        paths.push_back(here);
      } else {
        walk.skip();
      }
    }
  }

  Result<void> entry(TreeWriter& writer, const Node& node, const std::string& name,
                     const std::string& path) {
    // A few blocks can name more bytes than any disk has. What is written never passes the size:
    // FileWalk sees to it that the sizes in the tree add up.
    if (node.kind == Node::Kind::file) P2P_CHECK(writer.check_room(node.size));
    const auto written = node.kind == Node::Kind::symlink
                             ? writer.symlink(name, node.target, node.metadata)
                             : writer.file(name, node.metadata, [&](const TreeWriter::Put& put) {
                                 return copy(node, put);
                               });
    if (!written && written.error().code == Code::already_exists) {
      return fail(Code::already_exists, written.error().why + " (--force replaces it)");
    }
    P2P_CHECK(written);
    if (console_.format() == record::Format::text) return {};
    record::Record record("cid");
    record.set("cid", node.cid.text());
    set_path(record, path);
    if (node.kind == Node::Kind::file) record.set("size", node.size);
    console_.print(record.set("codec", multiformats::name_of(node.cid.codec())));
    return {};
  }

  Result<void> copy(const Node& node, const TreeWriter::Put& put) {
    car::FileWalk walk(store_, {}, {}, [&](ByteView data) {
      meter_.advance(data.size());
      return put(data);
    });
    P2P_CHECK(walk.run(node.cid));
    return {};
  }

  /// A fault in one place is told, and others may be fine; but a disk that fails or is full ends
  /// it.
  Result<void> complain_or_stop(const std::string& path, const Error& error) {
    if (error.code == Code::io) return fail(Error(error).during("extract", path));
    meter_.hide();
    complain(console_, path, error);
    good_ = false;
    return {};
  }

  cli::Console& console_;
  const Options& options_;
  car::Store& store_;
  bool replace_;
  Meter meter_;
  bool several_ = false;
  bool good_ = true;
};

class ExtractMode : public Mode {
 public:
  explicit ExtractMode(const Options& options) : options_(options) {}

  void declare(cli::Command& command) override {
    command.usage("p2p-hash --extract CAR [PATH]...");
    command.group("Extracting")
        .text("--extract", "CAR", car_,
              "write the files in CAR, every block checked; here FILE is a path in its DAG, and "
              "without one all is written, but for files that the disk has no room for",
              cli::Complete::file)
        .flag("-f", replace_, "replace files that exist, as --force does");
    command.example("p2p-hash --extract photos.car 2024/june -o june",
                    "one folder of an archive, under a new name");
  }

  std::string_view chosen() const override { return car_ ? "--extract" : ""; }
  bool defaults_to_stdin() const override { return false; }
  Takes takes() const override { return {.output = true}; }
  Result<void> left_out() const override { return only_with(replace_, "-f", "with --extract"); }

  Result<cli::ExitStatus> run(cli::Console& console) override {
    P2P_TRY(const auto source, CarSource::open(*car_));
    Extractor extractor(console, options_, source->store(), replace_ || console.forced());
    P2P_TRY(const bool good, extractor.run(*car_));
    return good ? cli::ExitStatus::yes : cli::ExitStatus::no;
  }

 private:
  const Options& options_;
  std::optional<std::string> car_;
  bool replace_ = false;
};

}  // namespace

std::unique_ptr<Mode> extract_mode(const Options& options) {
  return std::make_unique<ExtractMode>(options);
}

}  // namespace p2p::hash
