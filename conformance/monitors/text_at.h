// Which text of a packet a byte belongs to: a fault in text is told by its offset alone.
#pragma once

#include <cstddef>
#include <span>

#include "conformance/monitors/watch.h"

namespace mq::monitors {

// `wire` is the packet as far as it has arrived. Nothing certain: `elsewhere`.
Fields text_at(std::span<const std::byte> wire, Version version, std::size_t offset);

}  // namespace mq::monitors
