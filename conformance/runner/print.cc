#include "conformance/runner/print.h"

#include <cstdio>

#include "scenarios/language/units.h"

namespace mq::conformance {
namespace {

constexpr std::size_t columns = 96;
constexpr std::size_t hex_bytes_max = 48;

std::string wrapped(const std::string& text, const std::string& indent) {
  std::string out;
  std::string line = indent;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string word = text.substr(at, end - at);
    if (line.size() + word.size() + 1 > columns && line != indent) {
      out += line + "\n";
      line = indent;
    }
    if (!word.empty()) line += (line == indent ? "" : " ") + word;
    at = end + 1;
  }
  return out + line + "\n";
}

std::string hex(const std::vector<std::byte>& bytes) {
  std::string text;
  char two[4];
  for (std::size_t i = 0; i < bytes.size() && i < hex_bytes_max; ++i) {
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(bytes[i]));
    text += two;
  }
  return bytes.size() > hex_bytes_max ? text + "... (" + std::to_string(bytes.size()) + " bytes)"
                                      : text;
}

std::string transcript(const std::vector<Said>& said) {
  std::string out;
  const Instant begin = said.empty() ? Instant{} : said[0].at;
  for (const Said& one : said) {
    static constexpr const char* arrows[] = {"->", "<-", "  "};
    char time[32];
    std::snprintf(time, sizeof time, "%12.6f", seconds(one.at - begin));
    out += std::string("    ") + time + "  " + (one.link.empty() ? "-" : one.link) + " " +
           arrows[static_cast<std::size_t>(one.what)] + " " + one.text + "\n";
    if (!one.bytes.empty()) out += "                       " + hex(one.bytes) + "\n";
  }
  return out;
}

std::string failure(const Failure& one, const Case& which) {
  return "  at        " + which.file + ":" + std::to_string(one.place.line) + ": " + one.step +
         "\n  expected  " + one.expected + "\n  got       " + one.got + "\n";
}

}  // namespace

std::string to_text(const CaseResult& result, const std::vector<Statement>& statements,
                    const Printing& printing) {
  const Case& one = *result.which;
  const Outcome& outcome = result.outcome;
  char verdict[16];
  std::snprintf(verdict, sizeof verdict, "%-10s ", name(outcome.verdict));
  std::string out = verdict + one.id + ": " + one.title;
  if (!outcome.reason.empty()) out += ": " + outcome.reason;
  out += "\n";
  for (const std::string& choice : outcome.choices)
    if (printing.with_transcript) out += "  choice    " + choice + "\n";
  for (const Failure& advice : outcome.advice) out += failure(advice, one);
  const bool is_bad = outcome.failure || outcome.verdict == Verdict::error;
  if (is_bad) {
    for (const StatementId& id : one.asserts) {
      out += "  " + to_text(id) + "\n";
      if (const Statement* statement = find(statements, id))
        out += wrapped(statement->says, "            ");
    }
    if (outcome.failure) out += failure(*outcome.failure, one);
    out += "  again     mqttlab conform " + printing.target +
           (printing.cases.empty() ? "" : " --cases " + printing.cases) + " --only " + one.id +
           " --seed " + std::to_string(printing.seed) + "\n";
  }
  if (is_bad || printing.with_transcript) out += transcript(outcome.transcript);
  return out;
}

std::string summary(const std::vector<CaseResult>& results) {
  const Tally counts = tally(results);
  std::string out;
  for (int at = 0; at < 9; ++at) {
    const auto verdict = static_cast<Verdict>(at);
    if (counts[verdict] == 0) continue;
    out += (out.empty() ? "" : ", ") + std::to_string(counts[verdict]) + " " + name(verdict);
  }
  return std::to_string(results.size()) + " cases: " + out + "\n";
}

std::string explain(const Statement& statement, const Library& library) {
  std::string out = to_text(statement.id) + "  section " + statement.section +
                    (statement.title.empty() ? "" : ", " + statement.title) + "; " +
                    name(statement.level) + "; obliges " + statement.obliges + "\n";
  out += "\n" + wrapped(statement.says, "  ");
  if (!statement.tested.empty()) out += "\nHow it is tested\n" + wrapped(statement.tested, "  ");
  if (!statement.pitfalls.empty()) out += "\nWhat goes wrong\n" + wrapped(statement.pitfalls, "  ");
  if (!statement.no_case.empty())
    out += "\nWhy there is no case\n" + wrapped(statement.no_case, "  ");
  std::string cases;
  for (const Case& one : library.cases)
    for (const StatementId& id : one.asserts)
      if (id == statement.id) cases += "  " + one.id + "  " + one.title + "\n";
  if (!cases.empty()) out += "\nCases\n" + cases;
  if (!statement.related.empty()) {
    out += "\nSee also";
    for (const StatementId& id : statement.related) out += " " + to_text(id);
    out += "\n";
  }
  return out;
}

}  // namespace mq::conformance
