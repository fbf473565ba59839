// The nearest known word to one that is not known, for error messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mq::client {

// ", did you mean X?", or nothing if no candidate is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace mq::client
