#include "gate/fields.h"
#include "gate/render.h"
#include "gate/words.h"

namespace mq::gate {

std::string to_json(const Comparison& comparison) {
  boost::json::object object;
  object.emplace("schema_version", schema_version);
  report::WriteFields io(object);
  io("headline", headline(comparison));
  io("worse", comparison.worse());
  io("problems", comparison.problems);
  io("rules", comparison.rules);
  io("scenarios", comparison.scenarios);
  return boost::json::serialize(object) + "\n";
}

}  // namespace mq::gate
