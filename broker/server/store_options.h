// Where a server keeps what must survive it.
#pragma once

#include <functional>
#include <string>

#include "broker/store/store.h"

namespace mq::broker {

struct StoreOptions {
  std::string path;
  Durability durability = Durability::power;  // process or power
  // Told in one line when the disk stops taking records, and when it takes them again.
  std::function<void(const std::string&)> on_trouble;
};

}  // namespace mq::broker
