#include "base/ensure.h"

#include <cstdio>
#include <cstdlib>

namespace mq {

void invariant_broken(const char* what, std::source_location where) {
  std::fprintf(stderr, "mqttlab: broken invariant: %s (%s:%u, %s)\n", what, where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name());
  std::abort();
}

}  // namespace mq
