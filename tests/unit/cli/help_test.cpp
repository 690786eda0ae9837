#include "cli/help.h"

#include <doctest/doctest.h>

#include "codec/json.h"

using namespace p2p;
using cli::Command;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Fixture {
  std::string level = "low";
  std::optional<Duration> wait = std::chrono::seconds(10);
  bool secret = false;
  std::vector<std::string> files;
  Command command{"p2p-x", "Does something."};

  Fixture() {
    command.describe(
        "A paragraph that is long enough to be wrapped, since a terminal has eighty "
        "columns and this has more than a hundred of them.");
    command.choice("-l,--level", "L", level, {"low", "high"}, "how \"much\"")
        .duration("--wait", "D", wait, "how long")
        .flag("--secret", secret, "not for everybody")
        .hidden()
        .operands("FILE", files, "what to take", cli::Complete::file)
        .environment("P2P_X", "changes it")
        .exit_status(cli::ExitStatus::no, "it is not so")
        .example("p2p-x a", "takes a");
    command.subcommand("sub", "does less");
  }
};

}  // namespace

TEST_CASE("help shows every part, within 80 columns, and nothing hidden") {
  Fixture tool;
  const cli::Request request{cli::Request::Kind::help, {&tool.command}};
  const auto help = cli::help_text(request, false);
  for (const auto* part :
       {"Usage: p2p-x [OPTION]... COMMAND [FILE...]\n", "Does something.", "-l, --level L",
        "how \"much\": low, high (default: low)", "--wait D", "(default: 10s)", "Commands:\n  sub",
        "Operands:\n  FILE", "Environment:\n  P2P_X", "Exit status:\n  0", "it is not so",
        "Examples:\n  p2p-x a\n"}) {
    CAPTURE(part);
    CHECK(contains(help, part));
  }
  CHECK_FALSE(contains(help, "secret"));
  std::size_t start = 0;
  while (start < help.size()) {
    const auto end = help.find('\n', start);
    CHECK(end - start <= 80);
    start = end + 1;
  }
  const auto brief = cli::help_text(request, true);
  CHECK(contains(brief, "--level"));
  CHECK_FALSE(contains(brief, "Examples"));
}

TEST_CASE("the dump is JSON that tells every option, hidden ones marked") {
  Fixture tool;
  const auto text = *cli::dump_json(tool.command);
  const auto json = codec::parse_json(text);
  REQUIRE(json);
  CHECK(*json->find("name")->text() == "p2p-x");
  const auto& options = *json->find("options")->list();
  REQUIRE(options.size() == 3);
  CHECK(*options[0].find("letter")->text() == "l");
  CHECK(*options[0].find("help")->text() == "how \"much\"");
  CHECK(options[0].find("choices")->list()->size() == 2);
  CHECK(*options[0].find("default")->text() == "low");
  CHECK(*options[2].find("hidden")->boolean());
  CHECK(json->find("commands")->list()->size() == 1);
  CHECK(*json->find("operands")->list()->front().find("complete")->text() == "file");
}

TEST_CASE("version names the package and its libraries") {
  Fixture tool;
  tool.command.feature("feature: one");
  const auto text = cli::version_text(tool.command);
  CHECK(text.starts_with("p2p-x (p2p-utils) "));
  CHECK(contains(text, "CLI11 2."));
  CHECK(contains(text, "\nfeature: one\n"));
  const auto json = codec::parse_json(*cli::version_json(tool.command));
  REQUIRE(json);
  CHECK(json->find("libraries")->find("libuv")->text() != nullptr);
}
