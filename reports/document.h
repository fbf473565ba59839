// A results.json as parsed once, before anybody knows whose results it holds.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>
#include <variant>

#include "reports/results.h"
#include "reports/results_json.h"

namespace mq::report {

std::variant<boost::json::object, Unreadable> document_in(std::string_view text);

// Why it is of no schema that this program reads; nothing if it is of this one.
std::string other_schema(const boost::json::object& document, int version_known);

std::variant<Results, Unreadable> results_from(const boost::json::object& document);

}  // namespace mq::report
