#include "cli/parse.h"

#include <doctest/doctest.h>

using namespace p2p;
using cli::Bounds;
using cli::Command;
using cli::Request;

namespace {

struct Values {
  bool flag = false;
  bool other = false;
  std::string text = "initial";
  std::optional<std::string> maybe;
  std::optional<std::string> listen;
  std::vector<std::string> list;
  std::uint64_t number = 7;
  Duration wait = std::chrono::seconds(5);
  std::uint64_t size = 1024;
  std::string color = "red";
  std::vector<std::string> files;
  std::string order;
};

/// A tool with one option of each kind, and the values it stores.
struct Tool {
  Values v;
  Command command{"p2p-x", "a tool"};

  Tool() {
    const auto note = [this](char c) {
      return [this, c](std::string_view) -> Result<void> {
        v.order += c;
        return {};
      };
    };
    cli::Option first;
    first.takes = cli::Option::Takes::nothing;
    first.set = note('a');
    cli::Option second = first;
    second.set = note('b');
    command.flag("-f,--flag", v.flag, "")
        .flag("-o,--other", v.other, "")
        .text("-t,--text", "T", v.text, "")
        .text("--maybe", "T", v.maybe, "")
        .optional_text("-l,--listen", "ADDR", v.listen, "any", "")
        .list("-i,--item", "I", v.list, "")
        .number("-n,--number", "N", v.number, Bounds{1, 100}, "")
        .duration("--wait", "D", v.wait, "")
        .size("--size", "S", v.size, Bounds{1, 1 << 20}, "")
        .choice("--color", "C", v.color, {"red", "green"}, "")
        .option("--first", first)
        .option("--second", second)
        .operands("FILE", v.files, "");
  }

  Result<Request> parse(std::vector<std::string> args) { return cli::parse(args, command); }
  /// The error, or "" where there is none.
  std::string error(std::vector<std::string> args) {
    const auto request = parse(std::move(args));
    return request ? "" : request.error().why;
  }
};

}  // namespace

TEST_CASE("a joined value is never what follows") {
  Tool tool;
  std::string got = "none";
  cli::Option yes;
  yes.takes = cli::Option::Takes::optional_value;
  yes.joined = true;
  yes.set = [&](std::string_view value) -> Result<void> {
    got = "'" + std::string(value) + "'";
    return {};
  };
  tool.command.option("-y,--yes", yes);
  REQUIRE(tool.parse({"--yes", "file"}));
  CHECK(got == "''");
  CHECK(tool.v.files == std::vector<std::string>{"file"});
  REQUIRE(tool.parse({"--yes=false", "-yf"}));
  CHECK(got == "''");
  CHECK(tool.v.flag);
  REQUIRE(tool.parse({"--yes=false"}));
  CHECK(got == "'false'");
}

TEST_CASE("values reach their options in every spelling") {
  for (const auto& args :
       std::vector<std::vector<std::string>>{{"-f", "-t", "x", "file"},
                                             {"-ft", "x", "file"},
                                             {"-ftx", "file"},
                                             {"file", "--flag", "--text", "x"},
                                             {"--text=x", "--flag", "--", "file"}}) {
    Tool tool;
    REQUIRE(tool.parse(args));
    CHECK(tool.v.flag);
    CHECK(tool.v.text == "x");
    CHECK(tool.v.files == std::vector<std::string>{"file"});
  }
}

TEST_CASE("a value may be empty, begin with a dash, or hold anything") {
  Tool tool;
  REQUIRE(tool.parse(
      {"--text=", "--item=-x", "--item", "--flag", "-i", "[a,b]", "-i=", "--item=a=b", "-i", ""}));
  CHECK(tool.v.text.empty());
  CHECK_FALSE(tool.v.flag);
  CHECK(tool.v.list == std::vector<std::string>{"-x", "--flag", "[a,b]", "=", "a=b", ""});
}

TEST_CASE("operands that CLI11 would take for something else stay operands") {
  Tool tool;
  REQUIRE(tool.parse({"[a,b]", "-", "", "++", "--", "-5", "--flag", "--"}));
  CHECK(tool.v.files == std::vector<std::string>{"[a,b]", "-", "", "++", "-5", "--flag", "--"});
  CHECK_FALSE(tool.v.flag);
}

TEST_CASE("the last of a repeated scalar wins, lists collect, and order is kept across options") {
  Tool tool;
  REQUIRE(tool.parse(
      {"--text=a", "--first", "-n1", "--second", "-t", "b", "--first", "-n", "2", "-ix", "-iy"}));
  CHECK(tool.v.text == "b");
  CHECK(tool.v.number == 2);
  CHECK(tool.v.list == std::vector<std::string>{"x", "y"});
  CHECK(tool.v.order == "aba");
}

TEST_CASE("an optional value is the next word, unless that is an option") {
  Tool tool;
  REQUIRE(tool.parse({"-l"}));
  CHECK(tool.v.listen == "any");
  REQUIRE(tool.parse({"-l", "/ip4/127.0.0.1/tcp/0"}));
  CHECK(tool.v.listen == "/ip4/127.0.0.1/tcp/0");
  REQUIRE(tool.parse({"-l", "-f"}));
  CHECK(tool.v.listen == "any");
  CHECK(tool.v.flag);
  REQUIRE(tool.parse({"--listen=here"}));
  CHECK(tool.v.listen == "here");
}

TEST_CASE("numbers are decimal, bounded, and never loosely read") {
  for (const auto* bad : {"010", "-1", "+1", "0x10", "1e1", "1.0", " 1", "1 ", "", "nan", "0",
                          "101", "18446744073709551616", "99999999999999999999"}) {
    CAPTURE(bad);
    Tool tool;
    CHECK_FALSE(tool.parse({std::string("--number=") + bad}));
    CHECK_FALSE(tool.parse({"-n", bad}));
    CHECK(tool.v.number == 7);
  }
  Tool tool;
  CHECK(tool.parse({"-n100"}));
  CHECK(tool.v.number == 100);
}

TEST_CASE("durations and sizes carry a unit") {
  Tool tool;
  CHECK_FALSE(tool.parse({"--wait=5"}));
  CHECK_FALSE(tool.parse({"--wait=-5s"}));
  CHECK_FALSE(tool.parse({"--size=5"}));
  CHECK_FALSE(tool.parse({"--size=-1"}));
  CHECK_FALSE(tool.parse({"--size=2MiB"}));
  REQUIRE(tool.parse({"--wait=250ms", "--size=64KiB"}));
  CHECK(tool.v.wait == std::chrono::milliseconds(250));
  CHECK(tool.v.size == 65536);
}

TEST_CASE("what is wrong is said, with what may have been meant") {
  Tool tool;
  CHECK(tool.error({"--flga"}) == "unknown option '--flga'");
  CHECK(tool.parse({"--flga"}).error().hint == "did you mean --flag? try 'p2p-x --help'");
  CHECK(tool.parse({"--zzzzzz"}).error().hint == "try 'p2p-x --help'");
  CHECK(tool.parse({"-wait"}).error().hint == "did you mean --wait? try 'p2p-x --help'");
  CHECK(tool.error({"-fx"}) == "unknown option '-x'");
  CHECK(tool.error({"--flag=yes"}) == "option '--flag' takes no value");
  CHECK(tool.error({"--text"}) == "option '--text' needs a value");
  CHECK(tool.error({"-ft"}) == "option '-t' needs a value");
  CHECK(tool.error({"--color=blue"}) == "--color: 'blue' is none of: red, green");
  for (const auto& args : std::vector<std::vector<std::string>>{{"--x"}, {"-n", "x"}, {"--text"}}) {
    CHECK(tool.parse(args).error().code == Code::invalid_argument);
  }
}

TEST_CASE("operands are counted") {
  Command command("p2p-x", "");
  std::string first;
  std::optional<std::string> second;
  command.operand("FIRST", first, "").operand("SECOND", second, "");
  CHECK(cli::parse({}, command).error().why == "operand FIRST is missing");
  CHECK(cli::parse({"a"}, command));
  CHECK(first == "a");
  CHECK_FALSE(second);
  CHECK(cli::parse({"a", "b"}, command));
  CHECK(second == "b");
  CHECK(cli::parse({"a", "b", "c"}, command).error().why == "unexpected operand 'c'");
}

TEST_CASE(
    "subcommands nest; outer options are understood inside; operands may be named as commands") {
  const auto parse = [](std::vector<std::string> args, std::string& dir, std::string& name,
                        std::string& topic) {
    Command command("p2p-x", "");
    command.text("--dir", "DIR", dir, "");
    auto& key = command.subcommand("key", "");
    key.subcommand("new", "").operand("FILE", name, "");
    key.subcommand("show", "").operand("FILE", name, "");
    command.subcommand("sub", "").operand("TOPIC", topic, "");
    const auto request = cli::parse(args, command);
    return request ? request->name() : "error: " + request.error().why;
  };
  std::string dir;
  std::string name;
  std::string topic;
  CHECK(parse({"--dir", "a", "key", "new", "f"}, dir, name, topic) == "p2p-x key new");
  CHECK(dir == "a");
  CHECK(name == "f");
  CHECK(parse({"key", "--dir", "b", "show", "new"}, dir, name, topic) == "p2p-x key show");
  CHECK(dir == "b");
  CHECK(name == "new");
  CHECK(parse({"sub", "key", "--dir=c"}, dir, name, topic) == "p2p-x sub");
  CHECK(topic == "key");
  CHECK(dir == "c");
  CHECK(parse({"sub", "--", "sub"}, dir, name, topic) == "p2p-x sub");
  CHECK(topic == "sub");
  CHECK(parse({}, dir, name, topic) == "error: a command is missing");
  CHECK(parse({"key"}, dir, name, topic) == "error: a command is missing");
  CHECK(parse({"kye"}, dir, name, topic) == "error: unknown command 'kye'");
  CHECK(parse({"sub", "a", "b"}, dir, name, topic) == "error: unexpected operand 'b'");
}

TEST_CASE("a digit as an outer command's letter is an option inside a subcommand, not a number") {
  Command command("p2p-x", "");
  bool null = false;
  std::vector<std::string> peers;
  command.flag("-0,--null", null, "");
  command.subcommand("pub", "").operands("PEER", peers, "");
  CHECK(cli::parse({"pub", "-0", "a"}, command));
  CHECK(null);
  CHECK(peers == std::vector<std::string>{"a"});
}

TEST_CASE("help wins over what is missing, not over what was wrong before it") {
  Command command("p2p-x", "");
  bool asked = false;
  std::string file;
  command.flag("-h,--help", asked, "").flag("--version", asked, "").operand("FILE", file, "");
  const auto kind = [&](std::vector<std::string> args) { return cli::parse(args, command)->kind; };
  CHECK(kind({"--help"}) == Request::Kind::help);
  CHECK(kind({"-h"}) == Request::Kind::short_help);
  CHECK(kind({"--help", "--nonsense"}) == Request::Kind::help);
  CHECK(kind({"--version"}) == Request::Kind::version);
  CHECK_FALSE(cli::parse({"--nonsense", "--help"}, command));
  CHECK_FALSE(cli::parse({}, command));
}

TEST_CASE("the nearest word is near") {
  const std::vector<std::string> words = {"listen", "timeout", "count"};
  CHECK(cli::nearest("lisen", words) == "listen");
  CHECK(cli::nearest("tiemout", words) == "timeout");
  CHECK(cli::nearest("tim", words) == "timeout");
  CHECK(cli::nearest("x", words).empty());
  CHECK(cli::nearest("wholly-different", words).empty());
}
