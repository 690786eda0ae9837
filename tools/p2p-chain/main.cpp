// p2p-chain: agree on one history.
#include "commands.h"

int main(int argc, char** argv) {
  using p2p::cli::ExitStatus;
  namespace chaintool = p2p::chaintool;
  chaintool::Options options;
  p2p::cli::Command tool("p2p-chain", "agree on one history: a proof-of-work chain of your own");
  tool.usage("p2p-chain [--dir DIR] COMMAND [OPTION]... [OPERAND]...")
      .describe(
          "A chain lives in a directory. Its headers are Bitcoin's; its blocks carry payments and "
          "anchors, which are bytes such as a CID. Who makes a chain with the same parameters has "
          "the same chain. While a node runs, submit and mine hand it their work, and whatever "
          "only "
          "reads goes on; apply and a second node do not.")
      .example("p2p-chain --dir a init --name demo", "make a chain")
      .example("p2p-hash --cid photo.jpg | p2p-chain --dir a submit --key alice.key --data -",
               "anchor a file's CID")
      .example("p2p-chain --dir a export | ssh host p2p-chain --dir b apply", "move a chain")
      .exit_status(ExitStatus::yes, "done, or the answer is yes")
      .exit_status(ExitStatus::no, "refused by a rule, not found, or not verified")
      .exit_status(ExitStatus::error, "usage, or an error that prevented an answer")
      .exit_status(ExitStatus::expired, "a deadline expired first");
  tool.group("Chain").text("-d,--dir", "DIR", options.dir, "the chain's directory",
                           p2p::cli::Complete::directory);
  chaintool::add_key(tool);
  chaintool::add_init(tool, options);
  chaintool::add_node(tool, options);
  chaintool::add_peer(tool, options);
  chaintool::add_submit(tool, options);
  chaintool::add_mine(tool, options);
  chaintool::add_tip(tool, options);
  chaintool::add_log(tool, options);
  chaintool::add_show(tool, options);
  chaintool::add_balance(tool, options);
  chaintool::add_verify(tool, options);
  chaintool::add_export(tool, options);
  chaintool::add_apply(tool, options);
  return p2p::cli::run(argc, argv, tool);
}
