#include "sim/world.h"

#include "base/ensure.h"

namespace mq::sim {

std::string_view name(CloseCause cause) {
  switch (cause) {
    case CloseCause::closed:
      return "closed";
    case CloseCause::reset:
      return "reset";
    case CloseCause::timed_out:
      return "timed_out";
    case CloseCause::refused:
      return "refused";
  }
  ensure(false, "a cause has a name");
  return {};
}

}  // namespace mq::sim
