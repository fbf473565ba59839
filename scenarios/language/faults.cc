#include "scenarios/language/faults.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "scenarios/language/grammar.h"
#include "scenarios/language/limits.h"
#include "scenarios/language/units.h"
#include "scenarios/language/walk.h"

namespace mq::scenario {
namespace {

// Who can be cut, by name.
class Targets {
 public:
  explicit Targets(const Plan& plan) : plan_(plan) {
    members_of_link_.resize(plan.links.size());
    for (std::size_t at = 0; at < plan.links.size(); ++at) links_.emplace(plan.links[at].name, at);
    std::uint32_t first = 0;
    for (const GroupPlan& group : plan.groups) {
      const auto count = static_cast<std::uint32_t>(group.count);
      groups_.emplace(group.name, Members{first, count});
      // A group whose link was not found, a problem already, points nowhere.
      if (group.link < plan.links.size()) members_of_link_[group.link].push_back({first, count});
      first += count;
    }
  }

  // Adds whom `name` means to `clients`; else says what is wrong.
  std::optional<std::string> add(std::string_view name, std::vector<std::uint32_t>& clients) const {
    const auto link = links_.find(name);
    const auto group = groups_.find(name);
    if (link != links_.end() && group != groups_.end())
      return quoted(name) + " is a link and a group: give one of them another name";
    if (link != links_.end()) {
      for (const Members& members : members_of_link_[link->second]) add(members, clients);
      return std::nullopt;
    }
    if (group != groups_.end()) {
      add(group->second, clients);
      return std::nullopt;
    }
    if (const auto member = find_member(name)) {
      clients.push_back(*member);
      return std::nullopt;
    }
    return "there is no link, group or client " + quoted(name) + guess(name);
  }

 private:
  struct Members {
    std::uint32_t first;  // position among all clients
    std::uint32_t count;
  };

  static void add(const Members& members, std::vector<std::uint32_t>& clients) {
    for (std::uint32_t at = 0; at < members.count; ++at) clients.push_back(members.first + at);
  }

  // "sensors-3": a group of several and a number.
  std::optional<std::uint32_t> find_member(std::string_view id) const {
    const std::size_t dash = id.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto group = groups_.find(id.substr(0, dash));
    const auto number = parse_whole(id.substr(dash + 1));
    if (group == groups_.end() || !number || *number < 1 || group->second.count < 2 ||
        *number > group->second.count)
      return std::nullopt;
    return group->second.first + static_cast<std::uint32_t>(*number) - 1;
  }

  std::string guess(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const LinkPlan& link : plan_.links) names.push_back(link.name);
    for (const GroupPlan& group : plan_.groups) names.push_back(group.name);
    return suggestion(name, names);
  }

  const Plan& plan_;
  std::map<std::string_view, std::size_t> links_;
  std::map<std::string_view, Members> groups_;
  std::vector<std::vector<Members>> members_of_link_;  // by position in Plan::links
};

// "PUBREC sent": nothing if this packet does not go this way.
std::optional<AfterPacket> packet_in(std::string_view text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  const std::string_view where = text.substr(std::min(blank + 1, text.size()));
  AfterPacket after;
  after.at_client = where == "sent" || where == "received";
  after.sent = where == "sent" || where == "left";
  if (!after.at_client && where != "arrived" && where != "left") return std::nullopt;
  const bool by_client = after.at_client == after.sent;
  constexpr auto last = static_cast<unsigned>(Kind::auth);
  for (unsigned number = 1; number <= last; ++number) {
    const auto kind = static_cast<Kind>(number);
    if (text.substr(0, blank) != name(kind)) continue;
    const bool from_client_only = kind == Kind::connect || kind == Kind::subscribe ||
                                  kind == Kind::unsubscribe || kind == Kind::ping_req;
    const bool from_broker_only = kind == Kind::conn_ack || kind == Kind::sub_ack ||
                                  kind == Kind::unsub_ack || kind == Kind::ping_resp;
    if (by_client ? from_broker_only : from_client_only) return std::nullopt;
    after.kind = kind;
    return after;
  }
  return std::nullopt;
}

class FaultReader {
 public:
  FaultReader(const Node& item, const Plan& plan, const Targets& targets, Problems& problems)
      : item_(item),
        fields_(&item, fault_shape),
        plan_(plan),
        targets_(targets),
        problems_(problems) {}

  FaultPlan read() {
    fault_.at = fields_.duration("at");
    fault_.every = fields_.maybe_duration("every");
    if (!fields_.has("at") && !fields_.has("after")) say(item_, "a fault needs the key `at`");
    if (fields_.has("cut") == fields_.has("crash"))
      say(item_, "a fault has either `cut` or `crash`");
    if (fields_.has("crash") && !fields_.has("cut"))
      read_crash();
    else
      read_cut();
    return std::move(fault_);
  }

 private:
  void say(const Node& place, std::string text) {
    problems_.push_back({place.line, place.column, std::move(text)});
  }

  // The keys of the other kind of fault have no business here.
  void refuse(std::string_view key, std::string_view kind) {
    if (const Node* place = fields_.find(key))
      say(*place, quoted(key) + " does not go with " + quoted(kind));
  }

  void read_cut() {
    const std::string directions = fields_.text("directions");
    const Duration length = fields_.duration("for");
    fault_.what = Cut{length, directions != "down", directions != "up"};
    refuse("restart_after", "cut");
    read_after();
    const Node* cut = fields_.find("cut");
    if (cut == nullptr) return;
    if (!fields_.has("for")) say(item_, "a cut needs `for`: how long it lasts");
    if (cut->kind == Node::Kind::list)
      for (const Node& name : cut->items) read_target(name);
    else
      read_target(*cut);
    auto& clients = fault_.clients;
    std::sort(clients.begin(), clients.end());
    clients.erase(std::unique(clients.begin(), clients.end()), clients.end());
    clients.shrink_to_fit();
    check_window(length);
  }

  void read_after() {
    const Node* const place = fields_.find("after");
    if (place == nullptr) return;
    fault_.after = packet_in(fields_.text("after"));
    if (!fault_.after)
      say(*place,
          "expected a packet and where it is: `sent` or `arrived` (from the client, at the "
          "broker), `left` or `received` (from the broker, at the client), such as `PUBREC "
          "sent`; found " +
              quoted(place->text));
  }

  void read_target(const Node& name) {
    const Shape& shape = *find(fault_shape, "cut")->shape->item;
    if (!std::holds_alternative<Value>(read_value(name, shape))) return;
    fault_.target += (fault_.target.empty() ? "" : ", ") + name.text;
    if (const auto why = targets_.add(name.text, fault_.clients)) say(name, *why);
  }

  void read_crash() {
    const Duration down = fields_.duration("restart_after");
    const bool power_fails = fields_.text("crash") == "machine";
    fault_.what = CrashBroker{down, power_fails ? sim::Crash::machine : sim::Crash::process};
    fault_.target = power_fails ? "machine" : "broker";
    if (power_fails && plan_.broker.durability == trace::Durability::process)
      say(*fields_.find("crash"),
          "after a power failure, what is left of `durability: process` is a matter of luck, and "
          "nothing can be judged: use `power` or `none`");
    refuse("after", "crash");
    refuse("for", "crash");
    refuse("directions", "crash");
    if (!fields_.has("restart_after"))
      say(item_, "a crash needs `restart_after`: how long the broker is away");
    check_window(down);
  }

  void check_window(Duration length) {
    const Node* at = fields_.find("at");
    if (at != nullptr && plan_.duration > Duration::zero() && fault_.at + length > plan_.duration)
      say(*at, "the fault would end after the storm of " + to_text(plan_.duration) +
                   "; in the calm all is well");
    const Node* every = fields_.find("every");
    if (every != nullptr && fault_.every && *fault_.every <= length)
      say(*every, "`every` must be longer than the fault itself, " + to_text(length));
  }

  const Node& item_;
  Fields fields_;
  const Plan& plan_;
  const Targets& targets_;
  Problems& problems_;
  FaultPlan fault_;
};

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

}  // namespace

std::vector<FaultPlan> read_faults(const Node* node, const Plan& plan, Problems& problems) {
  std::vector<FaultPlan> faults;
  if (node == nullptr) return faults;
  const Targets targets(plan);
  std::size_t clients = 0;
  for (const Node& item : node->items) {
    if (item.kind != Node::Kind::map) continue;
    faults.push_back(FaultReader(item, plan, targets, problems).read());
    clients += faults.back().clients.size();
    if (clients <= fault_clients_max) continue;
    problems.push_back({item.line, item.column,
                        "the faults touch more than " + std::to_string(fault_clients_max) +
                            " clients, summed up; further ones are not looked at"});
    break;
  }
  return faults;
}

std::vector<trace::Expectation> read_expectations(const Node* node, Problems& problems) {
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
