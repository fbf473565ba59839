#include "campaign/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/time.h"
#include "reports/text/format.h"

namespace mq::campaign {

std::string column(const Figure& figure) {
  std::string text(figure.id);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

std::string in_words(const Figure& figure, double value) {
  if (std::isnan(value)) return "";
  switch (figure.unit) {
    case Unit::seconds:
      return report::short_duration(Duration(static_cast<Duration::rep>(value * 1e9)));
    case Unit::share:
      return report::percent(value);
    case Unit::bytes:
      return report::bytes(static_cast<std::uint64_t>(value));
    case Unit::count:
      break;
  }
  return fmt::format("{:.4g}", value);
}

}  // namespace mq::campaign
