#include "scenarios/language/fleet.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "protocol/topic.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/limits.h"
#include "scenarios/language/links_by_name.h"
#include "scenarios/language/units.h"
#include "scenarios/language/walk.h"

namespace mq::scenario {
namespace {

class GroupReader {
 public:
  GroupReader(const Entry& entry, Duration duration, Problems& problems)
      : fields_(&entry.value, group_shape), duration_(duration), problems_(problems) {
    group_.name = entry.key.text;
  }

  GroupPlan read(LinksByName& links) {
    group_.count = fields_.whole("count");
    read_link(links);
    read_versions();
    read_transport();
    read_session();
    read_user();
    read_times();
    if (fields_.map("will").is_there()) read_will();
    if (const Node* list = fields_.find("publish"))
      for (const Node& item : list->items) read_publish(item);
    if (const Node* list = fields_.find("subscribe"))
      for (const Node& item : list->items) read_subscribe(item);
    if (fields_.map("program").is_there()) read_program();
    if (fields_.map("rest").is_there()) read_rest();
    return std::move(group_);
  }

 private:
  void say(const Node* place, std::string text) {
    problems_.push_back({place->line, place->column, std::move(text)});
  }

  bool has(Version version) const {
    return std::count(group_.versions.begin(), group_.versions.end(), version) > 0;
  }

  void read_link(LinksByName& links);
  void read_versions();
  void read_transport();
  void read_session();
  void read_user();
  void read_times();
  void read_will();
  void read_publish(const Node& item);
  void read_subscribe(const Node& item);
  void read_program();
  void read_rest();
  void read_put(const Node& item);
  void read_get(const Node& item);
  void check_path(const Fields& fields);
  void need_v5(const Fields& fields, std::string_view key);
  void check_within_storm(const Fields& fields, std::string_view key);
  void check_while_there(const Fields& fields);
  bool check_placeholders(const Node& node, bool is_numbered);
  void check_topic(const Node& topic, bool is_numbered);
  void check_filter(const Node& filter);
  // `text` as the member with the longest id has it.
  std::string expanded(const std::string& text) const {
    return expand(text, client_id(group_, group_.count), std::numeric_limits<std::uint64_t>::max());
  }

  Fields fields_;
  Duration duration_;
  Problems& problems_;
  GroupPlan group_;
};

void GroupReader::read_link(LinksByName& links) {
  const std::string name = fields_.text("link");
  if (const auto found = links.find(name)) {
    group_.link = *found;
    return;
  }
  const Node* place = fields_.find("link");
  if (place == nullptr || !fields_.maybe("link") || place->text != name) return;
  if (find_profile(name) != nullptr)
    return say(place, "there is no link " + in_quotes(name) +
                          "; it is a profile: declare a link with " +
                          in_quotes("profile: " + name));
  say(place, "there is no link " + in_quotes(name) + suggestion(name, links.names()));
}

void GroupReader::read_versions() {
  const Node* node = fields_.find("protocol");
  const Shape& shape = *find(group_shape, "protocol")->shape->item;
  const auto add = [&](const Node& written) {
    const auto read = read_value(written, shape);
    if (const auto* value = std::get_if<Value>(&read))
      group_.versions.push_back(value->text == "5" ? Version::v5 : Version::v3_1_1);
  };
  if (node != nullptr && node->kind == Node::Kind::list)
    std::for_each(node->items.begin(), node->items.end(), add);
  else if (node != nullptr)
    add(*node);
  if (group_.versions.empty()) group_.versions.push_back(Version::v5);
}

void GroupReader::read_transport() {
  const std::string word = fields_.text("transport");
  group_.transport = word == "tls"         ? Transport::tls
                     : word == "websocket" ? Transport::websocket
                     : word == "wss"       ? Transport::wss
                                           : Transport::tcp;
}

void GroupReader::read_session() {
  group_.clean_start = fields_.yes("clean_start");
  group_.session_expiry = group_.clean_start ? 0 : session_never_ends;
  group_.keep_alive =
      std::chrono::duration_cast<std::chrono::seconds>(fields_.duration("keep_alive"));
  need_v5(fields_, "receive_maximum");
  if (const auto most = fields_.maybe("receive_maximum"))
    group_.receive_maximum = static_cast<std::uint16_t>(most->whole);
  const Node* place = fields_.find("session_expiry");
  const auto written = fields_.maybe("session_expiry");
  if (place == nullptr || !written) return;
  const auto expiry = std::chrono::duration_cast<std::chrono::seconds>(written->duration);
  group_.session_expiry =
      written->is_word ? session_never_ends : static_cast<std::uint32_t>(expiry.count());
  if (group_.clean_start && has(Version::v3_1_1) && group_.session_expiry != 0)
    return say(place,
               "in 3.1.1 a clean session ends with its connection: set clean_start: false, "
               "or use protocol: 5");
  if (!group_.clean_start && !has(Version::v5) && group_.session_expiry != session_never_ends)
    say(place, "3.1.1 cannot say when a session expires: leave it out, or use protocol: 5");
}

void GroupReader::read_user() {
  group_.user_name = fields_.text("username");
  group_.password = fields_.text("password");
  if (const Node* place = fields_.find("password"); place != nullptr && group_.user_name.empty())
    say(place, "a password needs a `username` beside it");
}

void GroupReader::read_times() {
  group_.start = fields_.duration("start");
  group_.start_spread = fields_.duration("start_spread");
  group_.stop = fields_.maybe_duration("stop");
  check_within_storm(fields_, "start");
  check_within_storm(fields_, "stop");
  if (group_.start < duration_ && group_.start + group_.start_spread > duration_)
    if (const Node* spread = fields_.find("start_spread"))
      say(spread, "the last member would start after the storm of " + to_text(duration_));
  if (const Node* stop = fields_.find("stop");
      stop != nullptr && group_.stop && *group_.stop <= group_.start + group_.start_spread)
    say(stop, "the group would stop before all of it has started");
}

void GroupReader::check_within_storm(const Fields& fields, std::string_view key) {
  const Node* place = fields.find(key);
  const auto when = fields.maybe_duration(key);
  if (place != nullptr && when && duration_ > Duration::zero() && *when >= duration_)
    say(place, in_quotes(key) + " must lie before the end of the storm, " + to_text(duration_));
}

// What comes at a fixed time comes while the group is there.
void GroupReader::check_while_there(const Fields& fields) {
  check_within_storm(fields, "at");
  const Node* place = fields.find("at");
  const auto when = fields.maybe_duration("at");
  if (place == nullptr || !when || *when >= duration_) return;
  if (*when < group_.start)
    say(place, "`at` lies before the group's start, " + to_text(group_.start));
  if (group_.stop && *when >= *group_.stop)
    say(place, "`at` lies after the group's stop, " + to_text(*group_.stop));
}

void GroupReader::need_v5(const Fields& fields, std::string_view key) {
  if (const Node* place = fields.find(key); place != nullptr && has(Version::v3_1_1))
    say(place, in_quotes(key) + " exists in 5.0 only, and the group has 3.1.1 members");
}

// `{word}` is a placeholder; other braces are themselves, so that text can be JSON.
bool GroupReader::check_placeholders(const Node& node, bool is_numbered) {
  constexpr char opens = '{', closes = '}';
  const auto is_inside = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const std::string_view text = node.text;
  bool all_known = true;
  for (std::size_t at = text.find(opens); at != text.npos; at = text.find(opens, at + 1)) {
    std::size_t end = at + 1;
    while (end < text.size() && is_inside(text[end])) ++end;
    if (end == at + 1 || end == text.size() || text[end] != closes) continue;
    const std::string_view word = text.substr(at, end + 1 - at);
    if (word == "{id}" || (word == "{n}" && is_numbered)) continue;
    say(&node, "unknown placeholder " + in_quotes(word) +
                   "; known here: " + (is_numbered ? "`{id}` and `{n}`" : "`{id}`"));
    all_known = false;
  }
  return all_known;
}

void GroupReader::check_topic(const Node& topic, bool is_numbered) {
  if (!check_placeholders(topic, is_numbered)) return;
  const std::string name = expanded(topic.text);
  if (name.size() > topic_bytes_max)
    return say(&topic, "longer than " + std::to_string(topic_bytes_max) + " bytes");
  if (topic_name_breaks(name)) return say(&topic, "not a topic name: `+` and `#` are for filters");
  if (name.starts_with('$')) say(&topic, "topics that begin with `$` belong to the broker");
}

void GroupReader::check_filter(const Node& filter) {
  if (!check_placeholders(filter, false)) return;
  const std::string text = expanded(filter.text);
  if (text.size() > topic_bytes_max)
    return say(&filter, "longer than " + std::to_string(topic_bytes_max) + " bytes");
  if (text.starts_with("$share/")) {
    if (has(Version::v3_1_1))
      return say(&filter,
                 "shared subscriptions exist in 5.0 only, and the group has 3.1.1 members");
    if (!shared(text))
      return say(&filter, "a shared subscription is written `$share/GROUP/FILTER`");
  }
  if (topic_filter_breaks(text))
    say(&filter, "not a topic filter: `+` fills a whole level, `#` the last one");
}

void GroupReader::read_will() {
  const Fields will = fields_.map("will");
  group_.will =
      WillPlan{.topic = will.text("topic"),
               .payload = will.text("payload"),
               .qos = static_cast<Qos>(will.whole("qos")),
               .retain = will.yes("retain"),
               .delay = std::chrono::duration_cast<std::chrono::seconds>(will.duration("delay"))};
  need_v5(will, "delay");
  if (const Node* topic = will.find("topic"); topic != nullptr && will.maybe("topic"))
    check_topic(*topic, false);
  if (const Node* payload = will.find("payload"); payload != nullptr && will.maybe("payload"))
    check_placeholders(*payload, false);
}

void GroupReader::read_publish(const Node& item) {
  if (item.kind != Node::Kind::map) return;
  const Fields fields(&item, publish_shape);
  PublishPlan publish{.topic = fields.text("topic"),
                      .qos = static_cast<Qos>(fields.whole("qos")),
                      .retain = fields.yes("retain"),
                      .payload = {.bytes = fields.whole("payload"), .text = fields.text("text")},
                      .every = fields.duration("every"),
                      .at = fields.maybe_duration("at")};
  if (fields.has("text") && !fields.has("payload")) publish.payload.bytes = 0;
  if (const auto times = fields.maybe("times")) publish.times = times->whole;
  need_v5(fields, "expiry");
  if (const auto expiry = fields.maybe_duration("expiry"))
    publish.expiry = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(*expiry).count());
  if (!fields.has("every") && !fields.has("at"))
    say(&item, "an entry of `publish` needs `every` or `at`");
  if (const Node* times = fields.find("times"); times != nullptr && !fields.has("every"))
    say(times, "`times` goes with `every`");
  check_while_there(fields);
  if (const Node* topic = fields.find("topic"); topic != nullptr && fields.maybe("topic"))
    check_topic(*topic, true);
  if (const Node* text = fields.find("text"); text != nullptr && fields.maybe("text"))
    check_placeholders(*text, true);
  group_.publish.push_back(std::move(publish));
}

// What such a program does stands in its command line and nowhere else.
void GroupReader::read_program() {
  const Fields program = fields_.map("program");
  ProgramPlan plan;
  plan.every = program.maybe_duration("every");
  const auto take = [&program](std::string_view key, std::vector<std::string>& into) {
    if (const Node* list = program.find(key))
      for (const Node& item : list->items) into.push_back(item.text);
  };
  take("command", plan.command);
  take("environment", plan.environment);
  for (const std::string_view key : {"publish", "subscribe", "username", "password"})
    if (const Node* node = fields_.find(key))
      say(node,
          "a group with a `program` has no " + in_quotes(key) + ": its command line says that");
  if (const Node* node = fields_.find("transport");
      node != nullptr && group_.transport != Transport::tcp)
    say(node, "a program makes its TLS and WebSocket itself: `transport` stays `tcp`");
  group_.program = std::move(plan);
}

// Of MQTT there is nothing in it.
void GroupReader::read_rest() {
  const Fields rest = fields_.map("rest");
  group_.rest = RestPlan{.keeps_connection = rest.text("connection") == "kept",
                         .token_bytes = rest.whole("token"),
                         .timeout = rest.duration("timeout")};
  for (const std::string_view key :
       {"protocol", "clean_start", "session_expiry", "keep_alive", "receive_maximum", "username",
        "password", "will", "publish", "subscribe", "program"})
    if (const Node* node = fields_.find(key))
      say(node, "a group with `rest` has no " + in_quotes(key) + ": it does not speak MQTT");
  if (const Node* node = fields_.find("transport");
      node != nullptr && group_.transport != Transport::tcp && group_.transport != Transport::tls)
    say(node, "HTTP goes over `tcp` or `tls`");
  if (const Node* list = rest.find("put"))
    for (const Node& item : list->items) read_put(item);
  if (const Node* list = rest.find("get"))
    for (const Node& item : list->items) read_get(item);
  if (!rest.has("put") && !rest.has("get"))
    say(fields_.find("rest"), "`rest` needs `put` or `get`");
}

void GroupReader::read_put(const Node& item) {
  if (item.kind != Node::Kind::map) return;
  const Fields fields(&item, put_shape);
  PublishPlan put{.topic = fields.text("path"),
                  .payload = {.bytes = fields.whole("payload"), .text = fields.text("text")},
                  .every = fields.duration("every"),
                  .at = fields.maybe_duration("at")};
  if (fields.has("text") && !fields.has("payload")) put.payload.bytes = 0;
  if (const auto times = fields.maybe("times")) put.times = times->whole;
  if (!fields.has("every") && !fields.has("at"))
    say(&item, "an entry of `put` needs `every` or `at`");
  if (const Node* times = fields.find("times"); times != nullptr && !fields.has("every"))
    say(times, "`times` goes with `every`");
  check_while_there(fields);
  check_path(fields);
  if (const Node* text = fields.find("text"); text != nullptr && fields.maybe("text"))
    check_placeholders(*text, true);
  group_.rest->put.push_back(std::move(put));
}

void GroupReader::read_get(const Node& item) {
  if (item.kind != Node::Kind::map) return;
  const Fields fields(&item, get_shape);
  check_path(fields);
  group_.rest->get.push_back(
      {fields.text("path"), fields.duration("every"), fields.yes("if_changed")});
}

void GroupReader::check_path(const Fields& fields) {
  const Node* const path = fields.find("path");
  if (path == nullptr || !fields.maybe("path") || !check_placeholders(*path, false)) return;
  const std::string text = expanded(path->text);
  constexpr std::string_view others = "/-._~";
  const auto may_be = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != others.npos;
  };
  if (text.size() > path_bytes_max)
    say(path, "longer than " + std::to_string(path_bytes_max) + " bytes");
  else if (!text.starts_with('/') || !std::all_of(text.begin(), text.end(), may_be))
    say(path, "a path is `/`, then letters, digits and `/` `-` `.` `_` `~`");
}

RetainHandling retain_handling(std::string_view word) {
  if (word == "send-if-new") return RetainHandling::send_if_new;
  return word == "do-not-send" ? RetainHandling::do_not_send : RetainHandling::send;
}

void GroupReader::read_subscribe(const Node& item) {
  if (item.kind != Node::Kind::map) return;
  const Fields fields(&item, subscribe_shape);
  SubscribePlan subscribe{
      .filter = fields.text("filter"),
      .options = {.qos = static_cast<Qos>(fields.whole("qos")),
                  .no_local = fields.yes("no_local"),
                  .retain_as_published = fields.yes("retain_as_published"),
                  .retain_handling = retain_handling(fields.text("retain_handling"))},
      .at = fields.duration("at")};
  for (const std::string_view key : {"no_local", "retain_as_published", "retain_handling"})
    need_v5(fields, key);
  check_while_there(fields);
  if (const Node* filter = fields.find("filter"); filter != nullptr && fields.maybe("filter"))
    check_filter(*filter);
  if (const Node* no_local = fields.find("no_local");
      no_local != nullptr && subscribe.options.no_local && shared(subscribe.filter))
    say(no_local, "a shared subscription cannot have no_local");
  group_.subscribe.push_back(std::move(subscribe));
}

// A group of one called `a-2` and the second member of `a` would be the same client.
void check_ids(const std::vector<GroupPlan>& groups, const std::vector<const Node*>& names,
               Problems& problems) {
  std::map<std::string_view, const GroupPlan*> by_name;
  for (const GroupPlan& group : groups) by_name.emplace(group.name, &group);
  for (std::size_t at = 0; at < groups.size(); ++at) {
    const std::string_view name = groups[at].name;
    const std::size_t dash = name.rfind('-');
    if (groups[at].count != 1 || dash == std::string_view::npos) continue;
    const auto other = by_name.find(name.substr(0, dash));
    const auto number = parse_whole(name.substr(dash + 1));
    if (other == by_name.end() || !number || *number == 0 || other->second->count < 2 ||
        *number > other->second->count)
      continue;
    problems.push_back({names[at]->line, names[at]->column,
                        "the client id " + in_quotes(name) + " is that of a member of " +
                            in_quotes(other->first)});
  }
}

}  // namespace

std::vector<GroupPlan> read_fleet(const Node* node, Duration duration, std::vector<LinkPlan>& links,
                                  Problems& problems) {
  std::vector<GroupPlan> groups;
  if (node == nullptr || node->kind != Node::Kind::map) return groups;
  std::size_t clients = 0;
  LinksByName links_by_name(links);
  std::vector<const Node*> names;
  for (const Entry& entry : node->entries) {
    if (entry.value.kind != Node::Kind::map) continue;
    const std::size_t before = clients;
    groups.push_back(GroupReader(entry, duration, problems).read(links_by_name));
    names.push_back(&entry.key);
    clients += groups.back().count;
    if (before <= clients_max && clients > clients_max)
      problems.push_back({entry.key.line, entry.key.column,
                          "the fleet has more than " + std::to_string(clients_max) + " clients"});
  }
  check_ids(groups, names, problems);
  return groups;
}

}  // namespace mq::scenario
