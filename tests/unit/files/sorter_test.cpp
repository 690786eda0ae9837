#include "files/sorter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "crypto/random.h"
#include "files/scratch.h"
#include "files/spool.h"

using namespace p2p;
using content::Sorter;

namespace {

using Pair = std::pair<std::string, std::string>;

/// Scratch in memory that says how much it was given, and fails past a bound.
class Watched final : public content::Scratch {
 public:
  explicit Watched(std::uint64_t& written, std::uint64_t most = UINT64_MAX)
      : written_(written), most_(most) {}

  Result<std::size_t> read_at(std::uint64_t offset, MutableBytes into) override {
    if (broken) return fail(Code::io, "cannot be read");
    return memory_.read_at(offset, into);
  }
  Result<std::uint64_t> append(ByteView data) override {
    if (written_ + data.size() > most_) return fail(Code::io, "full");
    written_ += data.size();
    return memory_.append(data);
  }

  bool broken = false;

 private:
  content::MemoryScratch memory_;
  std::uint64_t& written_;
  std::uint64_t most_;
};

std::vector<Pair> take_all(Sorter& sorter) {
  std::vector<Pair> all;
  for (;;) {
    const auto record = sorter.next();
    REQUIRE(record);
    if (!*record) return all;
    all.emplace_back((*record)->key, (*record)->value);
  }
}

/// What a sorter with so much memory makes of `records`, and what it wrote.
std::vector<Pair> sort(const std::vector<Pair>& records, std::size_t memory,
                       std::uint64_t& written) {
  written = 0;
  Sorter sorter(memory, [&] { return std::make_unique<Watched>(written); });
  for (const auto& [key, value] : records) REQUIRE(sorter.add(key, value));
  CHECK(sorter.size() == records.size());
  REQUIRE(sorter.finish());
  auto sorted = take_all(sorter);
  CHECK_FALSE(*sorter.next());
  return sorted;
}

std::vector<Pair> expected(std::vector<Pair> records) {
  std::ranges::stable_sort(records, {}, &Pair::first);
  return records;
}

}  // namespace

TEST_CASE("records are sorted by their keys' bytes, and stay in order where those are equal") {
  crypto::SeededRandom random(1);
  for (const std::size_t count : {0, 1, 2, 10, 1000, 20'000}) {
    CAPTURE(count);
    std::vector<Pair> records;
    for (std::size_t i = 0; i < count; ++i) {
      // Few keys of many lengths, some with bytes of 0 and of 255.
      std::string key(random.below(12), static_cast<char>(random.below(2) * 255));
      if (random.below(2) == 0) key += std::to_string(random.below(50));
      records.emplace_back("all begin alike " + key, std::to_string(i));
    }
    // From all in memory to some 2,000 runs, which are merged twice before they are read.
    std::uint64_t written = 0;
    for (const std::size_t memory : {std::size_t{500}, std::size_t{10'000}, Sorter::kMemory}) {
      CAPTURE(memory);
      CHECK(sort(records, memory, written) == expected(records));
      CHECK((written > 0) == (count * 30 > memory));
    }
  }
}

TEST_CASE("what is merged more than once stays in order") {
  // 64 * 64 runs and some more, of one record each.
  std::vector<Pair> records;
  for (std::size_t i = 0; i < 64 * 64 + 70; ++i) {
    records.emplace_back(std::to_string(i % 7), std::to_string(i));
  }
  std::uint64_t written = 0;
  CHECK(sort(records, 1, written) == expected(records));
}

TEST_CASE("without a scratch everything stays in memory") {
  Sorter sorter(1, {});
  std::vector<Pair> records;
  for (int i = 0; i < 1000; ++i)
    records.emplace_back(std::to_string(i * 7 % 500), std::to_string(i));
  for (const auto& [key, value] : records) REQUIRE(sorter.add(key, value));
  REQUIRE(sorter.finish());
  CHECK(take_all(sorter) == expected(records));
}

TEST_CASE("nothing is written while everything fits") {
  std::uint64_t written = 0;
  std::vector<Pair> records(1000, {"key", "value"});
  CHECK(sort(records, 1000 * 32, written) == records);
  CHECK(written == 0);
  CHECK(sort(records, 1000 * 32 - 1, written) == records);
  CHECK(written > 0);
  // What was sorted before is written as it came.
  CHECK(written == 1000 * 16);
}

TEST_CASE("records may be empty, or as large as the bound, and no larger") {
  const std::string large(Sorter::kMaxRecord, 'x');
  const std::string half(Sorter::kMaxRecord / 2, 'y');
  const std::vector<Pair> records = {{large, ""}, {"", ""},   {"", large}, {half, half},
                                     {"", "1"},   {"", "2"},  {"z", ""},   {half, ""},
                                     {"", ""},    {"x", half}};
  std::uint64_t written = 0;
  for (const std::size_t memory : {std::size_t{1}, std::size_t{300'000}, 4 * Sorter::kMemory}) {
    CAPTURE(memory);
    CHECK(sort(records, memory, written) == expected(records));
  }
  Sorter sorter(1, [&] { return std::make_unique<Watched>(written); });
  REQUIRE(sorter.add("b", ""));
  for (const auto& [key, value] :
       std::vector<Pair>{{large, "1"}, {"1", large}, {half, half + "1"}}) {
    const auto added = sorter.add(key, value);
    REQUIRE_FALSE(added);
    CHECK(added.error().code == Code::limit);
  }
  // It goes on without them.
  REQUIRE(sorter.add("a", ""));
  REQUIRE(sorter.finish());
  CHECK(take_all(sorter) == std::vector<Pair>{{"a", ""}, {"b", ""}});
}

TEST_CASE("a sorter may be moved between its steps") {
  files::Sorter first(100);
  for (int i = 0; i < 50; ++i) REQUIRE(first.add(std::to_string(i % 10), std::to_string(i)));
  files::Sorter second = std::move(first);
  REQUIRE(second.finish());
  REQUIRE(second.next());
  first = std::move(second);
  CHECK(take_all(first).size() == 49);
}

TEST_CASE("a scratch that fails is told of, at whatever write or read") {
  std::uint64_t needed = 0;
  std::vector<Pair> records;
  for (int i = 0; i < 300; ++i) records.emplace_back(std::to_string(i * 7 % 300), "value");
  sort(records, 64, needed);
  for (std::uint64_t most = 0; most < needed; most += 97) {
    CAPTURE(most);
    std::uint64_t written = 0;
    Sorter sorter(64, [&] { return std::make_unique<Watched>(written, most); });
    Result<void> done;
    for (const auto& [key, value] : records) {
      if (done) done = sorter.add(key, value);
    }
    if (done) done = sorter.finish();
    REQUIRE_FALSE(done);
    CHECK(done.error().why == "full");
  }
  std::uint64_t written = 0;
  Watched* watched = nullptr;
  Sorter sorter(50'000, [&] {
    auto scratch = std::make_unique<Watched>(written);
    watched = scratch.get();
    return scratch;
  });
  for (int i = 0; i < 20'000; ++i) REQUIRE(sorter.add(std::string(20, 'k'), "value"));
  REQUIRE(sorter.finish());
  REQUIRE(*sorter.next());
  REQUIRE(watched != nullptr);
  watched->broken = true;
  Result<std::optional<Sorter::Record>> record;
  for (int i = 0; i < 20'000 && record; ++i) record = sorter.next();
  REQUIRE_FALSE(record);
  CHECK(record.error().why == "cannot be read");
}

TEST_CASE("a folder that is not there is named, once something must be written") {
  Sorter sorter(std::size_t{1} << 20,
                [] { return std::make_unique<files::TemporaryFile>("/nonexistent-folder"); });
  const std::string value(100'000, 'v');
  Result<void> done;
  int added = 0;
  for (; added < 100 && done; ++added) done = sorter.add("key", value);
  REQUIRE_FALSE(done);
  CHECK(added > 10);
  CHECK(done.error().message() ==
        "make a temporary file in /nonexistent-folder: No such file or directory");
}

TEST_CASE("a spool gives back its records from any place") {
  files::Spool spool;
  REQUIRE(spool.read(0));
  CHECK_FALSE(*spool.read(0));
  crypto::SeededRandom random(2);
  std::vector<Bytes> records;
  std::vector<std::uint64_t> places;
  // Past what is in memory, and some larger than what is read at a time.
  for (int i = 0; i < 3000; ++i) {
    records.emplace_back(i % 500 == 7 ? 200'000 : random.below(1000), static_cast<std::uint8_t>(i));
    const auto place = spool.append(records.back());
    REQUIRE(place);
    places.push_back(*place);
    if (i % 100 != 0) continue;
    const auto again = spool.read(places[places.size() / 2]);
    REQUIRE((again && *again));
    CHECK(equal((*again)->bytes, records[places.size() / 2]));
  }
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    REQUIRE(at == places[i]);
    const auto record = spool.read(at);
    REQUIRE((record && *record));
    REQUIRE(equal((*record)->bytes, records[i]));
    at = (*record)->next;
  }
  CHECK_FALSE(*spool.read(at));
  for (int i = 0; i < 1000; ++i) {
    const auto one = static_cast<std::size_t>(random.below(records.size()));
    const auto record = spool.read(places[one]);
    REQUIRE((record && *record));
    REQUIRE(equal((*record)->bytes, records[one]));
  }
}
