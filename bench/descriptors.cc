#include "bench/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace mq::bench {

std::size_t raise_descriptors(std::size_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  rlimit higher = limit;
  higher.rlim_cur = wanted;
  higher.rlim_max = std::max<rlim_t>(limit.rlim_max, wanted);  // root may
  if (::setrlimit(RLIMIT_NOFILE, &higher) == 0) return higher.rlim_cur;
  higher = limit;
  higher.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &higher) == 0 ? higher.rlim_cur : limit.rlim_cur;
}

}  // namespace mq::bench
