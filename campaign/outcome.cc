#include "campaign/outcome.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "campaign/figures.h"

namespace mq::campaign {
namespace {

constexpr std::array ends = {std::string_view("judged"),        std::string_view("refused"),
                             std::string_view("unreachable"),   std::string_view("timed out"),
                             std::string_view("out of memory"), std::string_view("crashed")};

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return line;
}

// Fields between tabs, one after another.
class Fields {
 public:
  explicit Fields(std::string_view line) : rest_(line) {}

  std::string_view next() {
    const std::size_t tab = rest_.find('\t');
    const std::string_view field = rest_.substr(0, tab);
    whole_ &= !ended_;
    ended_ = tab == std::string_view::npos;
    rest_.remove_prefix(ended_ ? rest_.size() : tab + 1);
    return field;
  }
  template <class Number>
  Number number() {
    const std::string_view field = next();
    Number value{};
    const auto [end, fault] = std::from_chars(field.data(), field.data() + field.size(), value);
    whole_ &= fault == std::errc() && end == field.data() + field.size();
    return value;
  }
  double figure() {
    if (!rest_.starts_with("-\t")) return number<double>();
    next();
    return no_figure;
  }
  bool whole() const { return whole_ && ended_; }

 private:
  std::string_view rest_;
  bool whole_ = true;
  bool ended_ = false;
};

}  // namespace

std::string_view name(End end) { return ends[static_cast<std::size_t>(end)]; }

std::string to_line(const Outcome& outcome) {
  std::string line =
      fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t", static_cast<std::uint64_t>(outcome.key),
                  static_cast<int>(outcome.end), static_cast<int>(outcome.verdict), outcome.wall_us,
                  outcome.cpu_us, outcome.memory_kib, outcome.hash);
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const double value = i < outcome.figures.size() ? outcome.figures[i] : no_figure;
    line += std::isnan(value) ? "-\t" : fmt::format("{}\t", value);
  }
  for (std::size_t i = 0; i < outcome.broken.size(); ++i)
    line += (i == 0 ? "" : ",") + one_line(outcome.broken[i]);
  return line + "\t" + one_line(outcome.evidence);
}

std::optional<Outcome> from_line(std::string_view line) {
  Fields fields(line);
  Outcome outcome;
  outcome.key = Key{fields.number<std::uint64_t>()};
  const int end = fields.number<int>();
  const int verdict = fields.number<int>();
  if (end < 0 || end > static_cast<int>(End::crashed) || verdict < 0 ||
      verdict > static_cast<int>(Verdict::nothing))
    return std::nullopt;
  outcome.end = static_cast<End>(end);
  outcome.verdict = static_cast<Verdict>(verdict);
  outcome.wall_us = fields.number<std::uint64_t>();
  outcome.cpu_us = fields.number<std::uint64_t>();
  outcome.memory_kib = fields.number<std::uint64_t>();
  outcome.hash = fields.next();
  for (std::size_t i = 0; i < figures.size(); ++i) outcome.figures.push_back(fields.figure());
  std::string_view broken = fields.next();
  while (!broken.empty()) {
    const std::size_t comma = broken.find(',');
    outcome.broken.emplace_back(broken.substr(0, comma));
    broken.remove_prefix(comma == std::string_view::npos ? broken.size() : comma + 1);
  }
  outcome.evidence = fields.next();
  if (!fields.whole()) return std::nullopt;
  return outcome;
}

}  // namespace mq::campaign
