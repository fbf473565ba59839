// results.json: a Results written down and read back.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "reports/results.h"

namespace mq::report {

std::string to_json(const Results& results);

// Why a text is no results.json that this program can read, in one sentence.
struct Unreadable {
  std::string why;
};
std::variant<Results, Unreadable> from_json(std::string_view text);

}  // namespace mq::report
