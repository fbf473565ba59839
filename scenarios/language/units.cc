#include "scenarios/language/units.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <span>

namespace mq::scenario {
namespace {

using namespace std::chrono_literals;

struct Unit {
  std::string_view name;
  double worth;
};

std::size_t digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

// "12", "12.5", taken off the front.
std::optional<double> take_decimal(std::string_view& text) {
  std::size_t length = digits(text);
  if (length == 0) return std::nullopt;
  if (length < text.size() && text[length] == '.') {
    const std::size_t fraction = digits(text.substr(length + 1));
    if (fraction == 0) return std::nullopt;
    length += 1 + fraction;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + length, value);
  if (error != std::errc() || end != text.data() + length) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

// A number and its unit: what is left of `text` after the number, a blank between them allowed.
std::optional<double> with_unit(std::string_view text, std::span<const Unit> units) {
  const auto value = take_decimal(text);
  if (!value) return std::nullopt;
  if (text.starts_with(' ')) text.remove_prefix(1);
  for (const Unit& unit : units)
    if (text == unit.name) return *value * unit.worth;
  return std::nullopt;
}

constexpr std::array duration_units = {
    Unit{"us", 1e3},    Unit{"ms", 1e6},     Unit{"s", 1e9},       Unit{"min", 60e9},
    Unit{"h", 3'600e9}, Unit{"d", 86'400e9}, Unit{"w", 604'800e9},
};
constexpr std::array size_units = {
    Unit{"B", 1}, Unit{"kB", 1e3}, Unit{"MB", 1e6}, Unit{"KiB", 1024}, Unit{"MiB", 1024.0 * 1024},
};
constexpr std::array power_units = {Unit{"uW", 1e-3}, Unit{"mW", 1}, Unit{"W", 1e3}};
constexpr std::array energy_units = {Unit{"uJ", 1}, Unit{"mJ", 1e3}, Unit{"J", 1e6},
                                     Unit{"kJ", 1e9}, Unit{"Wh", 3.6e9}};
constexpr std::array length_units = {Unit{"m", 1}, Unit{"km", 1e3}};
constexpr std::array speed_units = {Unit{"m/s", 1}, Unit{"km/h", 1 / 3.6}};
constexpr std::array percentage_units = {Unit{"%", 0.01}};
constexpr std::array rate_units = {
    Unit{"bit/s", 1},  Unit{"b/s", 1},      Unit{"bps", 1},      Unit{"kbit/s", 1e3},
    Unit{"kb/s", 1e3}, Unit{"kbps", 1e3},   Unit{"Mbit/s", 1e6}, Unit{"Mb/s", 1e6},
    Unit{"Mbps", 1e6}, Unit{"Gbit/s", 1e9}, Unit{"Gb/s", 1e9},   Unit{"Gbps", 1e9},
};

// Beyond this a double no longer tells neighbouring whole numbers apart.
constexpr double exact_max = 9'007'199'254'740'992.0;
constexpr double duration_nanoseconds_max = 9e18;

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  double total = 0;
  while (true) {
    const std::size_t number = text.find_first_not_of("0123456789.");
    if (number == std::string_view::npos) return std::nullopt;
    // The part ends at the blank behind its unit; one blank may stand before the unit.
    const std::size_t unit = number + (text[number] == ' ' ? 1 : 0);
    const std::size_t end = text.find(' ', unit);
    const auto part = with_unit(text.substr(0, end), duration_units);
    if (!part) return std::nullopt;
    total += *part;
    if (!(total <= duration_nanoseconds_max)) return std::nullopt;
    if (end == std::string_view::npos) return Duration(std::llround(total));
    text.remove_prefix(end + 1);
  }
}

std::optional<double> parse_rate(std::string_view text) { return with_unit(text, rate_units); }

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (text == "0") return 0;
  const auto bytes = with_unit(text, size_units);
  if (!bytes || !(*bytes < exact_max) || *bytes != std::floor(*bytes)) return std::nullopt;
  return static_cast<std::uint64_t>(*bytes);
}

std::optional<double> parse_percentage(std::string_view text) {
  if (text == "0") return 0;
  return with_unit(text, percentage_units);
}

std::optional<double> parse_power(std::string_view text) {
  if (text == "0") return 0;
  return with_unit(text, power_units);
}

std::optional<double> parse_energy(std::string_view text) { return with_unit(text, energy_units); }

std::optional<double> parse_length(std::string_view text) { return with_unit(text, length_units); }

std::optional<double> parse_speed(std::string_view text) {
  if (text == "0") return 0;
  return with_unit(text, speed_units);
}

std::optional<std::uint64_t> parse_whole(std::string_view text) {
  // Other readers of YAML take 010 for 8.
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_decimal(std::string_view text) {
  const auto value = take_decimal(text);
  return text.empty() ? value : std::nullopt;
}

std::string to_text(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  struct Step {
    std::string_view name;
    Duration length;
  };
  constexpr std::array steps = {Step{"d", 24h},  Step{"h", 1h},   Step{"min", 1min}, Step{"s", 1s},
                                Step{"ms", 1ms}, Step{"us", 1us}, Step{"ns", 1ns}};
  std::string text;
  for (const Step& step : steps) {
    const auto count = duration / step.length;
    duration -= count * step.length;
    if (count == 0) continue;
    if (!text.empty()) text += ' ';
    text += std::to_string(count);
    text += step.name;
  }
  return text;
}

}  // namespace mq::scenario
