// Every limit of settings.h with its default and what it bounds: the table of docs/broker.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "broker/core/settings.h"

namespace mq::broker {

struct LimitRow {
  std::string_view name;  // the member of Limits
  std::string_view unit;
  std::string_view bounds;
  std::uint64_t (*value)(const Limits&);
};

std::span<const LimitRow> limit_table();
std::string limits_as_markdown();

}  // namespace mq::broker
