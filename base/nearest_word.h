// For "did you mean ...?": the known word that somebody who made a slip has most likely meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mq {

// Few insertions, deletions, replacements and swaps of neighbours away; empty if no candidate is
// near. Work is bounded: long words and very many candidates are not compared.
std::string_view nearest_word(std::string_view written,
                              const std::vector<std::string_view>& candidates);

// ", did you mean X?", or nothing.
std::string did_you_mean(std::string_view written, const std::vector<std::string>& candidates);

}  // namespace mq
