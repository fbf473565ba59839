// A link whose bytes pass through a layer (layer.h) on their way to and from another link.
#pragma once

#include <limits>
#include <memory>

#include "transport/layer.h"
#include "transport/link.h"

namespace mq::transport {

// Nothing is converted ahead of what the network takes by more than this: until then a payload
// stays the buffer that all its receivers share.
inline constexpr std::size_t converted_bytes_ahead = 64 * 1024;

// `below` has not been started and belongs to this link from now on. Without a layer it is given
// back with its new owner. While more than `reading_pauses_over` waits to be written nothing is
// read.
std::shared_ptr<Link> layered(
    std::shared_ptr<Link> below, std::unique_ptr<Layer> layer, Link::Owner owner,
    std::size_t reading_pauses_over = std::numeric_limits<std::size_t>::max());

}  // namespace mq::transport
