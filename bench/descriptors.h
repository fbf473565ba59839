// How many files this process, and those that it starts, may have open.
#pragma once

#include <cstddef>

namespace mq::bench {

// Asks for at least so many; returns how many there may be.
std::size_t raise_descriptors(std::size_t wanted);

}  // namespace mq::bench
