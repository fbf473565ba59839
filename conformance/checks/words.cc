#include "conformance/checks/words.h"

#include <array>
#include <cstdio>

namespace mq::checks {
namespace {

std::string with_unit(double amount, const char* unit) {
  std::array<char, 48> text;
  std::snprintf(text.data(), text.size(),
                amount < 10    ? "%.2f"
                : amount < 100 ? "%.1f"
                               : "%.0f",
                amount);
  std::string trimmed(text.data());
  if (trimmed.find('.') != std::string::npos) {
    while (trimmed.back() == '0') trimmed.pop_back();
    if (trimmed.back() == '.') trimmed.pop_back();
  }
  return trimmed + ' ' + unit;
}

}  // namespace

std::string time_text(Instant at) {
  const auto all = at.time_since_epoch();
  const auto in_ms = std::chrono::floor<std::chrono::milliseconds>(all).count();
  const bool negative = in_ms < 0;
  const auto ms = static_cast<unsigned long long>(negative ? -in_ms : in_ms);
  std::array<char, 48> text;
  std::snprintf(text.data(), text.size(), "%s%02llu:%02llu:%02llu.%03llu", negative ? "-" : "",
                ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
  return text.data();
}

std::string duration_text(Duration length) {
  const double s = seconds(length);
  const double size = s < 0 ? -s : s;
  if (size == 0) return "0 s";
  if (size < 1e-3) return with_unit(s * 1e6, "us");
  if (size < 1) return with_unit(s * 1e3, "ms");
  if (size < 120) return with_unit(s, "s");
  if (size < 7200) return with_unit(s / 60, "min");
  return with_unit(s / 3600, "h");
}

std::string count_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string count_text(std::uint64_t count, const char* noun) {
  return count_text(count) + ' ' + noun + (count == 1 ? "" : "s");
}

std::string number_text(double number) {
  std::array<char, 48> text;
  std::snprintf(text.data(), text.size(), "%.6g", number);
  return text.data();
}

const std::string& name_of(const trace::RunInfo& run, trace::ClientIndex client) {
  static const std::string stranger = "an unknown client";
  const auto index = static_cast<std::size_t>(client);
  return index < run.clients.size() ? run.clients[index].id : stranger;
}

}  // namespace mq::checks
