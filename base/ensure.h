// The fourth kind of error (ours): a broken invariant ends the program in every build, with its
// place. Never used for what a peer, the world or the user does.
#pragma once

namespace mq {

[[noreturn]] void invariant_broken(const char* what, const char* file, unsigned line,
                                   const char* function);

// The place is the caller's. (clang 14 of Debian 12, which builds the fuzzers, has no
// std::source_location over libstdc++.)
inline void ensure(bool holds, const char* what = "invariant", const char* file = __builtin_FILE(),
                   unsigned line = __builtin_LINE(), const char* function = __builtin_FUNCTION()) {
  if (!holds) [[unlikely]] invariant_broken(what, file, line, function);
}

}  // namespace mq
