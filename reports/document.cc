#include "reports/document.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

namespace mq::report {

std::variant<boost::json::object, Unreadable> document_in(std::string_view text) {
  boost::system::error_code failed;
  boost::json::value whole = boost::json::parse(text, failed);
  if (failed) return Unreadable{fmt::format("not complete JSON ({})", failed.message())};
  if (!whole.is_object()) return Unreadable{"not an object"};
  return std::move(whole.get_object());
}

std::string other_schema(const boost::json::object& document, int version_known) {
  const boost::json::value* version = document.if_contains("schema_version");
  if (version == nullptr || !version->is_number())
    return "no schema_version: not written by mqttlab";
  boost::system::error_code odd;
  const auto number = version->to_number<std::int64_t>(odd);
  if (!odd && number == version_known) return {};
  return fmt::format("schema version {}, this program reads version {}",
                     boost::json::serialize(*version), version_known);
}

}  // namespace mq::report
