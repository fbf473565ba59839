#include "reports/conform/evidence.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/text/escape.h"

namespace mq::report {
namespace {

constexpr std::size_t text_bytes_max = 4000;
constexpr std::size_t hex_shown_max = 96;

std::string line(std::string_view name, const std::string& text) {
  return fmt::format("{:<10}{}\n", name, visible(text, text_bytes_max));
}

std::string miss_text(const ConformMiss& miss) {
  return line("at", miss.at) + line("expected", miss.expected) + line("got", miss.got);
}

}  // namespace

const ConformStatement* statement_of(const ConformResults& results, std::string_view id) {
  const auto found = std::find_if(results.statements.begin(), results.statements.end(),
                                  [&](const ConformStatement& one) { return one.id == id; });
  return found == results.statements.end() ? nullptr : &*found;
}

std::string evidence_text(const ConformJudged& one, const ConformResults& results) {
  std::string out;
  for (const std::string& id : one.statements) {
    const ConformStatement* const statement = statement_of(results, id);
    out += line("statement", id + (statement == nullptr ? "" : ": " + statement->says));
  }
  if (!one.reason.empty()) out += line("why", one.reason);
  if (one.miss) out += miss_text(*one.miss);
  for (const ConformMiss& advice : one.advice) out += miss_text(advice);
  if (!one.again.empty()) out += line("again", one.again);
  if (!one.packets.empty()) out += line("packets", "capture.pcap, " + one.packets);
  for (const ConformSaid& said : one.transcript) {
    static constexpr const char* arrows[] = {"->", "<-", "  "};
    out += fmt::format("{:12.6f}  {} {} {}\n", seconds(said.since),
                       said.link.empty() ? "-" : visible(said.link),
                       arrows[static_cast<int>(said.what)], visible(said.text));
    if (!said.hex.empty())
      out += fmt::format("{:17}{}{}\n", "", visible(said.hex.substr(0, hex_shown_max)),
                         said.hex.size() > hex_shown_max ? "..." : "");
  }
  return out;
}

}  // namespace mq::report
