// The fourth kind of error (ours): a broken invariant ends the program in every build, with its
// place. Never used for what a peer, the world or the user does.
#pragma once

#include <source_location>

namespace mq {

[[noreturn]] void invariant_broken(const char* what, std::source_location where);

inline void ensure(bool holds, const char* what = "invariant",
                   std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]] invariant_broken(what, where);
}

}  // namespace mq
