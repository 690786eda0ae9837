#include "base/utf8.h"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("UTF-8: well-formed characters of every length") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("plain"));
  CHECK(is_utf8("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
  CHECK(is_utf8("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
  CHECK(utf8_length("\xe2\x82\xac!") == 3);
}

TEST_CASE("UTF-8: overlong, surrogate, too large, cut short") {
  for (const auto* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "\xc2", "\xe2\x82", "\xf0\x90\x80", "\xc2 ", "a\xe2\x82 "}) {
    CAPTURE(text);
    CHECK_FALSE(is_utf8(text));
    CHECK(is_utf8(repair_utf8(text)));
  }
}

TEST_CASE("UTF-8: repair keeps what is good") {
  CHECK(repair_utf8("na\xc3\xafve") == "na\xc3\xafve");
  CHECK(repair_utf8("a\xff"
                    "b") ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(repair_utf8("\xe2\x82") == "\xef\xbf\xbd\xef\xbf\xbd");
}
