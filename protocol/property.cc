#include "protocol/property.h"

#include <algorithm>

namespace mq {
namespace {

template <class T>
const T* first(const std::vector<Property>& all, PropertyId id) {
  const auto found =
      std::find_if(all.begin(), all.end(), [id](const Property& p) { return p.id == id; });
  return found == all.end() ? nullptr : std::get_if<T>(&found->value);
}

}  // namespace

std::optional<std::uint32_t> Properties::number(PropertyId id) const {
  const auto* value = first<std::uint32_t>(all_, id);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

const std::string* Properties::text(PropertyId id) const { return first<std::string>(all_, id); }

const Bytes* Properties::binary(PropertyId id) const { return first<Bytes>(all_, id); }

void Properties::add_user(std::string key, std::string value) {
  all_.push_back({PropertyId::user_property, UserProperty{std::move(key), std::move(value)}});
}

}  // namespace mq
