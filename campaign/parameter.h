// A parameter of a scenario by its path in the file: "links.train.loss",
// "fleet.sensors.keep_alive", "fleet.sensors.publish.0.every" (entries of a list are counted from
// 0). Checked against the table of the scenario language, so that a slip is answered before
// anything runs.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "scenarios/language/document.h"
#include "scenarios/language/shape.h"

namespace mq::campaign {

// What the value there must look like, or why there is no such parameter in this scenario.
std::variant<const scenario::Shape*, std::string> parameter(const scenario::Node& scenario,
                                                            std::string_view path);

// Puts a value where the path points; mappings on the way that the scenario leaves out are made.
// Nothing (`~`) takes the key away. The path is one that parameter() has accepted.
void put(scenario::Node& scenario, std::string_view path, const scenario::Node& value);

// A value on one line: "1%", "{between: 2h, length: 25min}"; "nothing" for `~`. Different values
// have different texts.
std::string text_of(const scenario::Node& value);

// The shape of the scalar behind `shape`: of a drawn or sourced quantity that of the quantity.
const scenario::Shape& scalar_of(const scenario::Shape& shape);

}  // namespace mq::campaign
