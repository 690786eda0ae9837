#include "graph.h"

#include <algorithm>

namespace p2p::chaintool {

Graph::Rows Graph::add(const chain::BlockId& id, const chain::BlockId* parent) {
  Rows out;
  auto first = std::find(columns_.begin(), columns_.end(), id);
  if (first == columns_.end()) {
    columns_.push_back(id);
    first = columns_.end() - 1;
  }
  const auto place = static_cast<std::size_t>(first - columns_.begin());
  for (std::size_t i = columns_.size() - 1; i > place; --i) {
    if (columns_[i] != id) continue;
    out.before.push_back(meet(place, i));
    columns_.erase(columns_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) out.prefix += i == place ? "* " : "| ";
  if (parent != nullptr) {
    columns_[place] = *parent;
  } else {
    columns_.erase(columns_.begin() + static_cast<std::ptrdiff_t>(place));
  }
  return out;
}

/// Column `gone` runs into column `keep`, and those right of it move up: "|/", "|_|/", "|/ /".
std::string Graph::meet(std::size_t keep, std::size_t gone) const {
  std::string out;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i == gone) continue;
    const bool last = i + 1 == gone;
    if (i < gone) {
      out += i < keep ? "| " : last ? "|/" : "|_";
    } else {
      out += " /";
    }
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace p2p::chaintool
