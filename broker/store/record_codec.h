// A stored record as bytes, and back. Only what is kept is ever written: a record that drops
// something has no form on disk.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "broker/core/record.h"

namespace mq::broker {

// An Instant counts from the start of a process, a file outlives it: times are stored as the wall
// clock shows them.
struct WallClock {
  Duration at_zero{};  // what it shows at Instant{}, since 1970
};

// Appends to `into`; the record is a Save...
void encode_record(const Record& record, WallClock clock, std::vector<std::byte>& into);

// Nothing if the bytes are no record, in part or in whole.
std::optional<Record> decode_record(std::span<const std::byte> bytes, WallClock clock);

}  // namespace mq::broker
