#include "reports/text/format.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

namespace mq::report {
namespace {

using namespace std::chrono_literals;

// From here on whole seconds are enough; the three digits of a shorter one would round to 120.
constexpr Duration long_from = 119'950ms;

// Three significant digits, without an exponent.
std::string three_digits(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

std::string two_units(std::int64_t big, std::string_view big_unit, std::int64_t small,
                      std::string_view small_unit) {
  if (small == 0) return fmt::format("{} {}", big, big_unit);
  return fmt::format("{} {} {} {}", big, big_unit, small, small_unit);
}

}  // namespace

std::string count(std::uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string count(std::uint64_t number, const char* of_what) {
  return fmt::format("{} {}{}", count(number), of_what, number == 1 ? "" : "s");
}

std::string short_duration(Duration duration) {
  const double s = seconds(duration);
  const double size = std::abs(s);
  if (size == 0) return "0 s";
  if (size < 0.9995e-3) return three_digits(s * 1e6) + " us";
  if (size < 0.9995) return three_digits(s * 1e3) + " ms";
  if (duration < long_from && duration > -long_from) return three_digits(s) + " s";
  return long_duration(duration);
}

std::string long_duration(Duration duration) {
  if (duration < Duration::zero()) return fmt::format("-{}", long_duration(-duration));
  if (duration < long_from && duration % 1s != Duration::zero()) return short_duration(duration);
  const std::int64_t s = std::chrono::round<std::chrono::seconds>(duration).count();
  if (s < 120) return fmt::format("{} s", s);
  if (s < 7200) return two_units(s / 60, "min", s % 60, "s");
  if (s < 172800) return two_units(s / 3600, "h", s % 3600 / 60, "min");
  return two_units(s / 86400, "d", s % 86400 / 3600, "h");
}

std::string clock(Instant at) {
  std::int64_t ms = std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const char* sign = ms < 0 ? "-" : "";
  ms = std::abs(ms);
  return fmt::format("{}{:02}:{:02}:{:02}.{:03}", sign, ms / 3'600'000, ms / 60'000 % 60,
                     ms / 1000 % 60, ms % 1000);
}

std::string bytes(std::uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (value < 999.5e3) return three_digits(value / 1e3) + " kB";
  if (value < 999.5e6) return three_digits(value / 1e6) + " MB";
  return three_digits(value / 1e9) + " GB";
}

std::string energy(std::uint64_t microjoules) {
  const double joules = static_cast<double>(microjoules) / 1e6;
  if (joules < 0.9995) return three_digits(joules * 1e3) + " mJ";
  if (joules < 999.5) return three_digits(joules) + " J";
  return three_digits(joules / 1e3) + " kJ";
}

std::string percent(double share) {
  if (share > 0.9999 && share < 1) return "99.99 %";  // never round a loss away
  return fmt::format("{:.{}f} %", share * 100, share == 0 || share == 1 ? 0 : 2);
}

}  // namespace mq::report
