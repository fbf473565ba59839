#include "base/ensure.h"

#include <cstdio>
#include <cstdlib>

namespace mq {

void invariant_broken(const char* what, const char* file, unsigned line, const char* function) {
  std::fprintf(stderr, "mqttlab: broken invariant: %s (%s:%u, %s)\n", what, file, line, function);
  std::abort();
}

}  // namespace mq
