#include "sim/link/rate_trace.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;

// Beyond this a trace is longer than any run.
constexpr double seconds_max = 1e8;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == ',' || c == ';'; }

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    while (at < line.size() && is_blank(line[at])) ++at;
    std::size_t end = at;
    while (end < line.size() && !is_blank(line[end])) ++end;
    if (end > at) words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::optional<double> number(std::string_view word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  if (!std::isfinite(value) || value < 0) return std::nullopt;
  return value;
}

Duration from_seconds(double value) { return Duration(std::llround(value * 1e9)); }

class Reader {
 public:
  std::optional<std::string> take(const std::vector<std::string_view>& words, bool may_be_header) {
    std::vector<double> values;
    for (const std::string_view word : words)
      if (const auto value = number(word)) values.push_back(*value);
    if (values.size() != words.size()) {
      if (may_be_header && values.empty()) return std::nullopt;
      return "expected numbers";
    }
    if (values.size() > 2) return "expected a time, or a time and a rate";
    if (columns_ == 0) columns_ = values.size();
    if (values.size() != columns_) return "has another number of columns than the lines before";
    return columns_ == 1 ? take_opportunity(values[0]) : take_step(values[0], values[1]);
  }

  std::variant<RateTrace, TraceFault> finish(std::size_t lines) {
    if (trace_.opportunities.empty() && trace_.steps.empty())
      return TraceFault{lines, "the trace is empty"};
    if (!trace_.steps.empty()) {
      // The last rate holds as long as the one before it did.
      const std::size_t count = trace_.steps.size();
      trace_.period = count < 2 ? 1s : 2 * trace_.steps.back().at - trace_.steps[count - 2].at;
    } else {
      trace_.period = std::max<Duration>(trace_.opportunities.back(), 1ms);
    }
    if (trace_.mean_bits_per_second() <= 0) return TraceFault{lines, "the rate is always zero"};
    return std::move(trace_);
  }

 private:
  std::optional<std::string> take_opportunity(double milliseconds) {
    if (milliseconds > seconds_max * 1e3) return "is too late a time";
    const Duration at = from_seconds(milliseconds / 1e3);
    if (!trace_.opportunities.empty() && at < trace_.opportunities.back())
      return "comes before the line above it";
    trace_.opportunities.push_back(at);
    return std::nullopt;
  }
  std::optional<std::string> take_step(double second, double megabits) {
    if (second > seconds_max) return "is too late a time";
    if (megabits > 1e6) return "is too high a rate: Mbit/s are expected";
    if (trace_.steps.empty()) first_ = from_seconds(second);
    const Duration at = from_seconds(second) - first_;
    if (!trace_.steps.empty() && at <= trace_.steps.back().at)
      return "does not come after the line above it";
    trace_.steps.push_back({at, megabits * 1e6});
    return std::nullopt;
  }

  RateTrace trace_;
  std::size_t columns_ = 0;
  Duration first_{};
};

}  // namespace

std::variant<RateTrace, TraceFault> parse_rate_trace(std::string_view text) {
  Reader reader;
  std::size_t line = 0;
  bool is_first = true;
  while (!text.empty()) {
    ++line;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view content = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (content.ends_with('\r')) content.remove_suffix(1);
    const auto words = words_of(content);
    if (words.empty() || words.front().starts_with('#')) continue;
    if (auto fault = reader.take(words, is_first)) return TraceFault{line, std::move(*fault)};
    is_first = false;
  }
  return reader.finish(line);
}

double RateTrace::mean_bits_per_second() const {
  if (!opportunities.empty())
    return static_cast<double>(opportunities.size() * opportunity_bytes * 8) / seconds(period);
  double bits = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Duration end = i + 1 < steps.size() ? steps[i + 1].at : period;
    bits += steps[i].bits_per_second * seconds(end - steps[i].at);
  }
  return bits / seconds(period);
}

std::vector<RateTrace::Gap> RateTrace::gaps(Duration shortest, double bits_per_second) const {
  std::vector<Gap> found;
  const auto add = [&](Duration from, Duration to) {
    if (to - from > shortest) found.push_back({from, to - from});
  };
  if (!opportunities.empty()) {
    Duration last{};
    for (const Duration at : opportunities) {
      add(last, at);
      last = at;
    }
    return found;
  }
  std::optional<Duration> since;
  for (const Step& step : steps) {
    if (step.bits_per_second < bits_per_second) {
      if (!since) since = step.at;
    } else if (since) {
      add(*since, step.at);
      since.reset();
    }
  }
  if (since) add(*since, period);
  return found;
}

std::vector<double> RateTrace::per_second() const {
  std::vector<double> bits(static_cast<std::size_t>(period / 1s));
  for (const Duration at : opportunities) {
    const auto second = static_cast<std::size_t>(at / 1s);
    if (second < bits.size()) bits[second] += opportunity_bytes * 8;
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Duration end = i + 1 < steps.size() ? steps[i + 1].at : period;
    for (Duration at = steps[i].at; at < end;) {
      const Duration next = std::min(end, Duration((at / 1s + 1) * 1s));
      const auto second = static_cast<std::size_t>(at / 1s);
      if (second < bits.size()) bits[second] += steps[i].bits_per_second * seconds(next - at);
      at = next;
    }
  }
  return bits;
}

}  // namespace mq::sim::link
