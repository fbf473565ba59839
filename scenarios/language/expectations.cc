#include <algorithm>
#include <string>
#include <utility>

#include "scenarios/language/faults.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/walk.h"
#include "sim/link/parts.h"

namespace mq::scenario {
namespace {

trace::Expectation read_latency(const Fields& latency) {
  trace::Expectation expectation;
  expectation.percentile = latency.value("percentile").real;
  expectation.below = latency.duration("below");
  const Node* percentile = latency.find("percentile");
  const Node* below = latency.find("below");
  if (percentile != nullptr && below != nullptr)
    expectation.as_written = "latency: " + percentile->text + " % below " + below->text;
  if (const auto qos = latency.maybe("qos")) {
    expectation.qos = static_cast<Qos>(qos->whole);
    expectation.as_written += " at QoS " + std::to_string(qos->whole);
  }
  return expectation;
}

// Limits of costs, each of one kind of quantity.
class LimitReader {
 public:
  LimitReader(std::string_view key, const Fields& fields, const Plan& plan, Problems& problems)
      : key_(key), fields_(fields), plan_(plan), problems_(problems) {}

  trace::Expectation read() {
    trace::Expectation expectation;
    const Node* const below = fields_.find("below");
    expectation.as_written = std::string(key_) + ":";
    if (key_ == "bytes") {
      expectation.argument = fields_.text("direction");
      expectation.most = static_cast<double>(fields_.whole("below"));
      if (expectation.argument != "both") expectation.as_written += " " + expectation.argument;
    } else if (key_ == "energy") {
      expectation.most = fields_.value("below").real;
    } else if (key_ == "reconnects") {
      expectation.most = static_cast<double>(fields_.whole("below"));
    } else {
      expectation.below = fields_.duration("below");
    }
    if (key_ == "age" && fields_.text("measure") == "mean") {
      expectation.argument = "mean";
      expectation.as_written += " mean";
    }
    const bool is_of_times = key_ == "first_message" || key_ == "staleness";
    const Node* const percentile = is_of_times ? fields_.find("percentile") : nullptr;
    if (percentile != nullptr) {
      expectation.percentile = fields_.value("percentile").real;
      expectation.as_written += " " + percentile->text + " %";
    }
    if (below != nullptr) expectation.as_written += " below " + below->text;
    if (is_of_times) return expectation;
    expectation.group = fields_.text("of");
    if (!expectation.group.empty()) expectation.as_written += " of " + expectation.group;
    check_group(expectation.group);
    return expectation;
  }

 private:
  void check_group(const std::string& name) {
    std::vector<std::string_view> names;
    bool is_known = name.empty();
    bool can_tell = key_ != "radio" && key_ != "energy" && key_ != "age";
    for (const GroupPlan& group : plan_.groups) {
      names.push_back(group.name);
      is_known = is_known || group.name == name;
      if (!name.empty() && group.name != name) continue;
      if (key_ == "age")
        can_tell = can_tell || group.program || !group.subscribe.empty() ||
                   (group.rest && !group.rest->get.empty());
      if (group.link >= plan_.links.size()) return;  // a problem already
      const LinkPlan& link = plan_.links[group.link];
      const bool has_states = link.model.parts && link.model.parts->radio;
      if (key_ == "energy" ? link.power.has_value() : key_ == "radio" && has_states)
        can_tell = true;
    }
    const Node* const of = fields_.find("of");
    const Node* const place = of != nullptr ? of : fields_.find("below");
    if (place == nullptr) return;
    const auto say = [&](std::string text) {
      problems_.push_back({place->line, place->column, std::move(text)});
    };
    if (!is_known)
      say("there is no group " + in_quotes(name) + suggestion(name, names));
    else if (!can_tell && key_ == "age")
      say("nobody of them reads anything: `subscribe`, or `get` of `rest`");
    else if (!can_tell)
      say(key_ == "energy" ? "no link of theirs says what its radio draws: give it `power`"
                           : "no link of theirs has a radio with states: give it `radio`");
  }

  std::string_view key_;
  const Fields fields_;
  const Plan& plan_;
  Problems& problems_;
};

}  // namespace

std::vector<trace::Expectation> read_expectations(const Node* node, const Plan& plan,
                                                  Problems& problems) {
  std::vector<trace::Expectation> all;
  if (node == nullptr) return all;
  for (const Node& item : node->items) {
    if (item.kind != Node::Kind::map || item.entries.size() != 1) continue;
    const Fields fields(&item, expectation_shape);
    const Entry& entry = item.entries.front();
    if (find(expectation_shape, entry.key.text) == nullptr) continue;
    trace::Expectation expectation;
    if (entry.key.text == "latency") {
      expectation = read_latency(fields.map("latency"));
    } else if (find(expectation_shape, entry.key.text)->shape->is == Is::map) {
      const Fields limit = fields.map(entry.key.text);
      expectation = LimitReader(entry.key.text, limit, plan, problems).read();
    } else {
      expectation.argument = fields.text(entry.key.text);
      expectation.as_written = entry.key.text + ": " + expectation.argument;
    }
    expectation.id = entry.key.text;
    const auto is_same = [&](const trace::Expectation& other) {
      return other.as_written == expectation.as_written;
    };
    if (std::any_of(all.begin(), all.end(), is_same))
      problems.push_back({entry.key.line, entry.key.column, "expected already above"});
    all.push_back(std::move(expectation));
  }
  return all;
}

}  // namespace mq::scenario
