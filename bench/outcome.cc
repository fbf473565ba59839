#include "bench/outcome.h"

#include <algorithm>

namespace mq::bench {

std::optional<double> percentile(std::vector<double>& values, double part) {
  if (values.empty()) return std::nullopt;
  const auto index = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + index, values.end());
  return values[static_cast<std::size_t>(index)];
}

Stopwatch::Stopwatch(const Target& target)
    : target_(target), before_(target.usage()), began_(std::chrono::steady_clock::now()) {}

void Stopwatch::stop(Outcome& outcome) const {
  outcome.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  outcome.cpu_seconds = std::chrono::duration<double>(target_.usage().cpu - before_.cpu).count();
}

}  // namespace mq::bench
