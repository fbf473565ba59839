// Topic names, filters and UTF-8 as the fuzzer likes them: the checks end, and agree with each
// other; a filter is matched by a second, naive way.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ensure.h"
#include "protocol/topic.h"
#include "protocol/utf8.h"

namespace mq {
namespace {

std::vector<std::string> levels_of(std::string_view text) {
  std::vector<std::string> all;
  Levels levels(text);
  while (auto level = levels.next()) all.emplace_back(*level);
  return all;
}

bool naive(const std::vector<std::string>& filter, std::size_t f,
           const std::vector<std::string>& name, std::size_t n) {
  if (f == filter.size()) return n == name.size();
  if (filter[f] == "#") return true;
  if (n == name.size()) return false;
  return (filter[f] == "+" || filter[f] == name[n]) && naive(filter, f + 1, name, n + 1);
}

void check(std::string_view filter, std::string_view name) {
  if (utf8_breaks(filter) || utf8_breaks(name)) return;
  if (!topic_name_breaks(filter) && !shared(filter))
    ensure(matches(filter, filter), "a name without wildcards is its own filter");
  if (topic_filter_breaks(filter) || topic_name_breaks(name)) return;
  const auto share = shared(filter);
  const std::string_view inner = share ? share->filter : filter;
  const bool hidden = name.starts_with('$') && (inner.starts_with('+') || inner.starts_with('#'));
  ensure(matches(filter, name) == (!hidden && naive(levels_of(inner), 0, levels_of(name), 0)),
         "both ways of matching agree");
}

}  // namespace
}  // namespace mq

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\n');
  const std::string_view filter = text.substr(0, cut);
  mq::check(filter, cut == std::string_view::npos ? filter : text.substr(cut + 1));
  return 0;
}
