#include "scenarios/language/faults.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/topic.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/limits.h"
#include "scenarios/language/units.h"
#include "scenarios/language/walk.h"
#include "sim/link/parts.h"

namespace mq::scenario {
namespace {

// Whom a fault can befall, by name.
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
      return in_quotes(name) + " is a link and a group: give one of them another name";
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
    return "there is no link, group or client " + in_quotes(name) + guess(name);
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

// What goes with a kind of fault; the words are those of the grammar.
struct KindRow {
  std::string_view kind;
  std::vector<std::string_view> needs;
  std::vector<std::string_view> takes;
};
const std::vector<KindRow>& kind_rows() {
  static const std::vector<KindRow> rows = {
      {"cut", {"for"}, {"directions"}},
      {"slow", {"for", "rate"}, {"directions"}},
      {"bloat", {"for", "by"}, {"directions"}},
      {"lose", {"for", "share"}, {"directions"}},
      {"duplicate", {"for", "share"}, {"directions"}},
      {"reorder", {"for", "share", "by"}, {"directions"}},
      {"corrupt", {"for", "share"}, {"directions"}},
      {"half_open", {}, {}},
      {"reset", {}, {}},
      {"nat", {}, {"then"}},
      {"move", {}, {}},
      {"call", {}, {}},
      {"reboot", {"restart_after"}, {"store"}},
      {"clock", {"by"}, {"jump"}},
      {"storm", {}, {}},
      {"push", {"topic", "payload"}, {"qos"}},
      {"crash", {"restart_after"}, {}},
      {"pause", {"for"}, {}},
      {"disk", {"for"}, {}},
  };
  return rows;
}
constexpr std::array<std::string_view, 12> parameters = {
    "for",  "directions", "restart_after", "rate",  "share",   "by",
    "jump", "then",       "store",         "topic", "payload", "qos"};

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
    fault_.chance = fields_.value("chance").real;
    fault_.swizzle = fields_.maybe_duration("swizzle").value_or(Duration{});
    if (!fields_.has("at") && !fields_.has("after")) say(item_, "a fault needs the key `at`");
    const auto& rows = kind_rows();
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const KindRow& one) { return fields_.has(one.kind); });
    if (row == rows.end()) return std::move(fault_);  // a problem already
    fault_.kind = row->kind;
    check_parameters(*row);
    fault_.what = kind_of(*row);
    if (is_of_broker(fault_.what))
      read_broker();
    else
      read_targets(*row);
    read_after();
    check_window();
    return std::move(fault_);
  }

 private:
  void say(const Node& place, std::string text) {
    problems_.push_back({place.line, place.column, std::move(text)});
  }

  void check_parameters(const KindRow& row) {
    const auto has = [](const std::vector<std::string_view>& all, std::string_view key) {
      return std::find(all.begin(), all.end(), key) != all.end();
    };
    for (const std::string_view key : parameters) {
      const Node* const place = fields_.find(key);
      if (place != nullptr && !has(row.needs, key) && !has(row.takes, key))
        say(*place, in_quotes(key) + " does not go with " + in_quotes(row.kind));
    }
    for (const std::string_view key : row.needs)
      if (!fields_.has(key)) say(item_, in_quotes(row.kind) + " needs " + in_quotes(key));
  }

  FaultKind kind_of(const KindRow& row) {
    const Duration length = fields_.duration("for");
    if (row.kind == "cut") return Cut{length, goes("up"), goes("down")};
    if (row.kind == "half_open") return HalfOpen{};
    if (row.kind == "reset") return Reset{};
    if (row.kind == "nat") return ForgetConnections{expiry()};
    if (row.kind == "move") return ChangeAddress{};
    if (row.kind == "call") return CallDevice{};
    if (row.kind == "reboot")
      return Reboot{fields_.duration("restart_after"), fields_.text("store") == "kept"};
    if (row.kind == "clock") {
      const Duration by = fields_.duration("by");
      return SetClock{fields_.text("jump") == "back" ? -by : by};
    }
    if (row.kind == "storm") return Storm{};
    if (row.kind == "push") return read_push();
    if (row.kind == "crash")
      return CrashBroker{fields_.duration("restart_after"), fields_.text("crash") == "machine"
                                                                ? sim::Crash::machine
                                                                : sim::Crash::process};
    if (row.kind == "pause") return PauseBroker{length};
    if (row.kind == "disk") return FillDisk{length};
    const sim::Trouble trouble = read_trouble(row);
    return Disturb{length, goes("up") ? trouble : sim::Trouble{},
                   goes("down") ? trouble : sim::Trouble{}};
  }

  bool goes(std::string_view direction) const {
    const std::string directions = fields_.text("directions");
    return directions == "both" || directions == direction;
  }

  sim::Trouble read_trouble(const KindRow& row) {
    sim::Trouble trouble;
    const double share = fields_.value("share").real;
    if (row.kind == "slow") trouble.bits_per_second = fields_.value("rate").real;
    if (row.kind == "bloat") trouble.wait = fields_.duration("by");
    if (row.kind == "lose") trouble.lost = share;
    if (row.kind == "duplicate") trouble.duplicated = share;
    if (row.kind == "corrupt") trouble.corrupted = share;
    if (row.kind != "reorder") return trouble;
    trouble.reordered = share;
    trouble.held_back = fields_.duration("by");
    return trouble;
  }

  sim::link::Expiry expiry() const {
    const std::string then = fields_.text("then");
    return then == "reset"    ? sim::link::Expiry::reset
           : then == "rebind" ? sim::link::Expiry::rebind
                              : sim::link::Expiry::silent;
  }

  Push read_push() {
    const std::string topic = fields_.text("topic");
    if (const Node* place = fields_.find("topic"); place != nullptr && topic_name_breaks(topic))
      say(*place, "not a topic name: `+` and `#` are for filters");
    return Push{topic, static_cast<Qos>(fields_.whole("qos")), fields_.whole("payload")};
  }

  void read_broker() {
    const Node& place = *fields_.find(fault_.kind);
    const auto* crash = std::get_if<CrashBroker>(&fault_.what);
    fault_.target = crash != nullptr && crash->how == sim::Crash::machine ? "machine" : "broker";
    if (crash != nullptr && crash->how == sim::Crash::machine &&
        plan_.broker.durability == trace::Durability::process)
      say(place,
          "after a power failure, what is left of `durability: process` is a matter of luck, and "
          "nothing can be judged: use `power` or `none`");
    if (std::holds_alternative<FillDisk>(fault_.what) &&
        plan_.broker.durability == trace::Durability::none)
      say(place, "with `durability: none` there is nothing on a disk");
    if (const Node* swizzle = fields_.find("swizzle"))
      say(*swizzle, "`swizzle` does not go with " + in_quotes(fault_.kind));
  }

  std::vector<std::uint32_t> named(std::string_view key, std::string* written) {
    std::vector<std::uint32_t> clients;
    const Node* const names = fields_.find(key);
    if (names == nullptr) return clients;
    if (names->kind == Node::Kind::list)
      for (const Node& name : names->items) read_target(name, clients, written);
    else
      read_target(*names, clients, written);
    std::sort(clients.begin(), clients.end());
    clients.erase(std::unique(clients.begin(), clients.end()), clients.end());
    clients.shrink_to_fit();
    return clients;
  }

  void read_target(const Node& name, std::vector<std::uint32_t>& clients, std::string* written) {
    const Shape& shape = *find(fault_shape, "cut")->shape->item;
    if (!std::holds_alternative<Value>(read_value(name, shape))) return;
    if (written != nullptr) *written += (written->empty() ? "" : ", ") + name.text;
    if (const auto why = targets_.add(name.text, clients)) say(name, *why);
  }

  void read_targets(const KindRow& row) {
    fault_.clients = named(row.kind, &fault_.target);
    refuse_programs(row);
    const auto* reboot = std::get_if<Reboot>(&fault_.what);
    if (reboot == nullptr || reboot->keeps_store) return;
    std::uint32_t first = 0;
    for (const GroupPlan& group : plan_.groups) {
      const auto end = first + static_cast<std::uint32_t>(group.count);
      const auto one = std::lower_bound(fault_.clients.begin(), fault_.clients.end(), first);
      const bool is_hit = one != fault_.clients.end() && *one < end;
      const bool has_3 = std::any_of(group.versions.begin(), group.versions.end(),
                                     [](Version version) { return version != Version::v5; });
      if (is_hit && !group.rest && has_3 && !group.clean_start)
        say(*fields_.find(row.kind),
            "`store: lost`: a client of 3.1.1 that has lost its half of a session cannot begin a "
            "new one that lasts, as those of " +
                in_quotes(group.name) + " want; 5.0 can");
      first = end;
    }
  }

  // What only a client of ours can be told from outside.
  void refuse_programs(const KindRow& row) {
    constexpr std::array<std::string_view, 4> ours_only = {"half_open", "clock", "storm", "push"};
    if (std::find(ours_only.begin(), ours_only.end(), row.kind) == ours_only.end()) return;
    std::uint32_t first = 0;
    for (const GroupPlan& group : plan_.groups) {
      const auto end = first + static_cast<std::uint32_t>(group.count);
      const auto one = std::lower_bound(fault_.clients.begin(), fault_.clients.end(), first);
      if ((group.program || group.rest) && one != fault_.clients.end() && *one < end)
        say(*fields_.find(row.kind),
            in_quotes(row.kind) + " befalls our clients of MQTT; the members of " +
                in_quotes(group.name) +
                (group.rest ? " speak HTTP" : " are programs of their own"));
      first = end;
    }
  }

  void read_after() {
    const Node* const place = fields_.find("after");
    const Node* const of = fields_.find("of");
    if (of != nullptr && place == nullptr) say(*of, "`of` goes with `after`");
    if (place == nullptr) return;
    fault_.after = packet_in(fields_.text("after"));
    if (!fault_.after)
      say(*place,
          "expected a packet and where it is: `sent` or `arrived` (from the client, at the "
          "broker), `left` or `received` (from the broker, at the client), such as `PUBREC "
          "sent`; found " +
              in_quotes(place->text));
    const Node* const swizzle = fields_.find("swizzle");
    if (swizzle != nullptr && of == nullptr)
      say(*swizzle, "with `after`, `swizzle` needs `of`: whose packet strikes all");
    fault_.strikes_all = of != nullptr || is_of_broker(fault_.what);
    fault_.watched = of != nullptr ? named("of", nullptr) : fault_.clients;
    if (!fault_.watched.empty() && std::all_of(fault_.watched.begin(), fault_.watched.end(),
                                               [&](auto client) { return speaks_http(client); }))
      say(*place, "those whose packet is waited for speak HTTP");
    if (of != nullptr || !is_of_broker(fault_.what)) return;
    std::size_t everybody = 0;
    for (const GroupPlan& group : plan_.groups) everybody += group.count;
    for (std::uint32_t client = 0; client < everybody; ++client) fault_.watched.push_back(client);
  }

  bool speaks_http(std::size_t client) const {
    for (const GroupPlan& group : plan_.groups) {
      if (client < group.count) return group.rest.has_value();
      client -= group.count;
    }
    return false;
  }

  void check_window() {
    const Duration length = fault_.length();
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

}  // namespace

std::vector<FaultPlan> read_faults(const Node* node, const Plan& plan, Problems& problems) {
  std::vector<FaultPlan> faults;
  if (node == nullptr) return faults;
  const Targets targets(plan);
  std::size_t clients = 0;
  for (const Node& item : node->items) {
    if (item.kind != Node::Kind::map) continue;
    faults.push_back(FaultReader(item, plan, targets, problems).read());
    clients += faults.back().clients.size() + faults.back().watched.size();
    if (clients <= fault_clients_max) continue;
    problems.push_back({item.line, item.column,
                        "the faults touch more than " + std::to_string(fault_clients_max) +
                            " clients, summed up; further ones are not looked at"});
    break;
  }
  return faults;
}

// What a carrier is to forget it must have known.
void give_borders(Plan& plan) {
  std::vector<std::size_t> link_of;
  for (const GroupPlan& group : plan.groups) link_of.insert(link_of.end(), group.count, group.link);
  for (const FaultPlan& fault : plan.faults) {
    if (!std::holds_alternative<ForgetConnections>(fault.what) &&
        !std::holds_alternative<ChangeAddress>(fault.what))
      continue;
    for (const std::uint32_t client : fault.clients) {
      auto& parts = plan.links.at(link_of.at(client)).model.parts;
      if (parts && (parts->nat || parts->roams)) continue;
      auto with = parts ? *parts : sim::link::Parts{};
      with.roams = true;
      parts = std::make_shared<const sim::link::Parts>(std::move(with));
    }
  }
}

}  // namespace mq::scenario
