#include "conformance/monitors/notebook.h"

namespace mq::monitors {

Count Notebook::count(Watch watch, Role role, Version version) const {
  const WatchInfo& row = info(watch);
  if (clauses(row, version).empty()) return {};
  if (role == Role::client ? !row.obliges_client : !row.obliges_broker) return {};
  Count count = counts_[index(role)][index(version)][static_cast<std::size_t>(watch)];
  const auto& traits = traits_[index(role)][index(version)];
  for (std::size_t bit = 0; bit < trait_count; ++bit)
    if ((row.tried_by >> bit & 1U) != 0) count.tried += traits[bit];
  return count;
}

}  // namespace mq::monitors
