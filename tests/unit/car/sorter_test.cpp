#include "content/car/sorter.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/endian.h"
#include "content/car/table.h"
#include "crypto/random.h"

using namespace p2p;
using namespace p2p::car;

namespace {

std::vector<Bytes> take_all(Sorted sorted, std::size_t size) {
  std::vector<Bytes> records;
  for (;;) {
    const auto* record = sorted.next().value();
    if (record == nullptr) return records;
    records.emplace_back(record, record + size);
  }
}

}  // namespace

TEST_CASE("records come out in order, however many runs there were") {
  crypto::SeededRandom random(1);
  for (const std::size_t size : {3, 8, 24, 40}) {
    for (const std::size_t count : {0, 1, 2, 99, 100, 101, 1000}) {
      CAPTURE(size);
      CAPTURE(count);
      MemoryScratch scratch;
      Sorter sorter(size, scratch, 10 * size);
      std::vector<Bytes> expected;
      for (std::size_t i = 0; i < count; ++i) {
        // Few values, so that some come twice and prefixes are equal.
        Bytes record(size);
        record.back() = static_cast<std::uint8_t>(random.below(200));
        if (size > 8) record[7] = static_cast<std::uint8_t>(random.below(3));
        REQUIRE(sorter.add(record.data()));
        expected.push_back(record);
      }
      std::ranges::sort(expected);
      auto sorted = sorter.finish();
      REQUIRE(sorted);
      CHECK(sorted->size() == count);
      CHECK(take_all(std::move(*sorted), size) == expected);
    }
  }
}

TEST_CASE("a table finds the lowest place of what was added, and nothing else") {
  crypto::SeededRandom random(2);
  const auto fingerprint = [&] {
    Fingerprint made;
    random.fill(made);
    return made;
  };
  for (const std::size_t count : {0, 1, 2, 600, 5000}) {
    for (const std::size_t memory : {240, 1 << 20}) {
      CAPTURE(count);
      CAPTURE(memory);
      MemoryScratch scratch;
      Table table(scratch, memory);
      std::vector<Fingerprint> added;
      for (std::size_t i = 0; i < count; ++i) {
        added.push_back(fingerprint());
        REQUIRE(table.add(added.back(), 1000 + i));
        if (i % 7 == 0) REQUIRE(table.add(added.back(), i));
      }
      REQUIRE(table.finish());
      std::vector<bool> numbers(table.size());
      for (std::size_t i = 0; i < count; ++i) {
        const auto found = table.find(added[i]);
        REQUIRE(found);
        REQUIRE(*found);
        CHECK((*found)->place == (i % 7 == 0 ? i : 1000 + i));
        CHECK_FALSE(numbers[(*found)->number]);
        numbers[(*found)->number] = true;
      }
      for (int i = 0; i < 100; ++i) CHECK_FALSE(*table.find(fingerprint()));
    }
  }
}

TEST_CASE("a table of fingerprints that are not spread at all is searched all the same") {
  MemoryScratch scratch;
  Table table(scratch, 240);
  const auto numbered = [](std::uint64_t n) {
    Fingerprint made{};
    store_be(made.data() + 8, n);
    return made;
  };
  for (std::uint64_t i = 0; i < 2000; ++i) REQUIRE(table.add(numbered(2 * i), i));
  REQUIRE(table.finish());
  for (std::uint64_t i = 0; i < 2000; ++i) {
    CHECK((*table.find(numbered(2 * i)))->place == i);
    CHECK_FALSE(*table.find(numbered(2 * i + 1)));
  }
}
