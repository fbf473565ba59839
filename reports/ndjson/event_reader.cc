#include "reports/ndjson/event_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "reports/ndjson/event_writer.h"
#include "reports/ndjson/line.h"
#include "reports/ndjson/words.h"
#include "reports/run_info_json.h"

namespace mq::report {
namespace {

using namespace trace;
namespace json = boost::json;

// The members of one line. The first that does not fit is remembered; what is asked for after it is
// zero.
class Members {
 public:
  Members(const json::object& object, const RunInfo& run) : object_(object), run_(run) {}

  template <class T>
  T number(std::string_view key) {
    T value{};
    const json::value* found = find(key);
    if (found != nullptr && !read_number(*found, value)) fail(key, "is not a number that fits");
    return value;
  }
  bool flag(std::string_view key) {
    const json::value* found = find(key);
    if (found == nullptr) return false;
    if (!found->is_bool()) fail(key, "is not true or false");
    return found->is_bool() && found->get_bool();
  }
  std::string_view text(std::string_view key) {
    const json::value* found = find(key);
    if (found == nullptr) return {};
    if (!found->is_string()) fail(key, "is not a string");
    return found->is_string() ? std::string_view(found->get_string()) : std::string_view();
  }
  template <class Enum, std::size_t n>
  Enum word(std::string_view key, const std::array<std::string_view, n>& words) {
    const auto* found = std::find(words.begin(), words.end(), text(key));
    if (found == words.end()) fail(key, "is a word that means nothing here");
    return found == words.end() ? Enum{} : static_cast<Enum>(found - words.begin());
  }
  template <class Enum>
  Enum small(std::string_view key, unsigned min, unsigned max) {
    const auto value = number<unsigned>(key);
    if (value < min || value > max) fail(key, "is out of range");
    return value < min || value > max ? static_cast<Enum>(min) : static_cast<Enum>(value);
  }
  ClientIndex client() {
    const auto index = number<std::uint32_t>("client");
    if (index >= run_.clients.size()) fail("client", "is not a client of the run");
    return ClientIndex{index};
  }
  std::optional<ClientIndex> maybe_client() {
    return has("client") ? std::optional(client()) : std::nullopt;
  }
  bool has(std::string_view key) const { return object_.contains(key); }
  Connection connection() { return {client(), number<std::uint32_t>("conn")}; }
  End end() { return word<End>("end", end_words); }
  std::size_t fault_index() {
    const auto index = number<std::size_t>("fault");
    if (index >= run_.faults.size()) fail("fault", "is not a fault of the run");
    return index;
  }
  std::optional<Stamp> maybe_stamp() {
    return has("message") ? std::optional(stamp()) : std::nullopt;
  }
  Stamp stamp() {
    const auto found = stamp_of(text("message"));
    if (!found) fail("message", "is not the mark of a message");
    return found.value_or(Stamp{});
  }

  void fail(std::string_view key, std::string_view why) {
    if (fault_.empty()) fault_ = fmt::format("\"{}\" {}", key, why);
  }
  const std::string& fault() const { return fault_; }

 private:
  const json::value* find(std::string_view key) {
    const json::value* found = object_.if_contains(key);
    if (found == nullptr) fail(key, "is missing");
    return found;
  }

  const json::object& object_;
  const RunInfo& run_;
  std::string fault_;
};

// The packet of one line, or what is wrong with it.
Packet packet_of(Members& in, std::string& wire, Version version, Sender sender) {
  if (!decode_base64(in.text("wire"), wire)) in.fail("wire", "is not base64");
  Decoded decoded = decode(std::as_bytes(std::span(wire)), version, sender);
  if (auto* packet = std::get_if<Packet>(&decoded)) return std::move(*packet);
  const auto* malformed = std::get_if<Malformed>(&decoded);
  in.fail("wire", malformed == nullptr
                      ? std::string("is not a whole packet")
                      : fmt::format("is not a legal packet ({}, at byte {})",
                                    info(malformed->rule).sentence, malformed->offset));
  return PingReq{};
}

struct Reading {
  Members& in;
  const std::map<std::string, Rule, std::less<>>& rules;
  std::string& wire;
  Packet packet = PingReq{};  // events point to it
};

What packet_seen(Reading& r, bool sent) {
  const Connection connection = r.in.connection();
  const End end = r.in.end();
  const auto version = r.in.small<Version>("v", 3, 5);
  const Sender sender = (end == End::client) == sent ? Sender::client : Sender::server;
  r.packet = packet_of(r.in, r.wire, version, sender);
  return PacketSeen{connection, end, sent, version, &r.packet, std::as_bytes(std::span(r.wire))};
}

What delivered(Reading& r) {
  const Connection connection = r.in.connection();
  r.packet = packet_of(r.in, r.wire, Version::v5, Sender::server);
  const auto* publish = std::get_if<Publish>(&r.packet);
  if (publish == nullptr) r.in.fail("wire", "is not a PUBLISH");
  return Delivered{connection, publish};
}

What malformed_seen(Reading& r) {
  const Connection connection = r.in.connection();
  const End end = r.in.end();
  const auto rule = r.rules.find(r.in.text("rule"));
  if (rule == r.rules.end()) r.in.fail("rule", "is not a rule that this program knows");
  const Rule which = rule == r.rules.end() ? Rule::none : rule->second;
  const Malformed fault{which, r.in.number<std::size_t>("offset")};
  const bool sent = r.in.flag("sent");
  const auto version = r.in.small<Version>("v", 3, 5);
  r.wire.assign(1, static_cast<char>(r.in.number<unsigned>("first")));
  return MalformedSeen{connection, end, fault, sent, version, std::as_bytes(std::span(r.wire))};
}

What http_seen(Reading& r) {
  const Connection connection = r.in.connection();
  const End end = r.in.end();
  const bool sent = r.in.flag("sent");
  if (!decode_base64(r.in.text("wire"), r.wire)) r.in.fail("wire", "is not base64");
  return HttpSeen{connection, end, sent, std::as_bytes(std::span(r.wire))};
}

What spent(Members& in) {
  Spent spent{in.client(), in.number<std::uint64_t>("up"), in.number<std::uint64_t>("down")};
  if (in.has("radio_ns")) spent.radio_on = Duration(in.number<std::int64_t>("radio_ns"));
  if (in.has("microjoules")) spent.microjoules = in.number<std::uint64_t>("microjoules");
  return spent;
}

What what_of(std::string_view name, Reading& r) {
  Members& in = r.in;
  if (name == sent_word || name == received_word) return packet_seen(r, name == sent_word);
  const auto* found = std::find(event_words.begin(), event_words.end(), name);
  // Members are read in the order of the braces, left to right.
  switch (found - event_words.begin()) {
    case 0:
      return LinkOpening{in.connection()};
    case 1:
      return LinkOpened{in.connection(), in.end()};
    case 2:
      return LinkClosed{in.connection(), in.end(), in.word<CloseCause>("cause", close_cause_words),
                        in.flag("by_this_end")};
    case 4:
      return malformed_seen(r);
    case 5:
      return Attempted{in.client(),       in.stamp(),
                       in.text("topic"),  in.small<Qos>("qos", 0, 2),
                       in.flag("retain"), in.number<std::size_t>("payload_bytes")};
    case 6:
      return NotSent{in.client(), in.stamp(), in.text("reason")};
    case 7:
      return Acknowledged{in.client(), in.stamp(), in.small<ReasonCode>("reason", 0, 255)};
    case 8:
      return delivered(r);
    case 9:
      return FaultBegan{in.fault_index(), in.maybe_client()};
    case 10:
      return FaultEnded{in.fault_index(), in.maybe_client()};
    case 11:
      return BrokerDown{};
    case 12:
      return BrokerUp{};
    case 13:
      return CalmBegan{};
    case 14:
      return RunEnded{in.flag("complete")};
    case 15:
      return ClientDown{in.client(), in.flag("keeps_session")};
    case 16:
      return ClientUp{in.client()};
    case 17:
      return spent(in);
    case 18:
      return BrokerSaid{in.text("text")};
    case 19:
      return ValueTaken{in.client(), in.stamp(), in.text("path")};
    case 20:
      return ValueRead{in.client(), in.maybe_stamp(), in.text("path")};
    case 21:
      return http_seen(r);
    case 22:
      return HttpFailed{in.connection(), in.text("reason")};
    case 23:
      return Called{in.client(), in.flag("answered"),
                    Duration(in.number<Duration::rep>("took_ns"))};
    default:
      in.fail("e", "is an event that this program does not know");
      return BrokerDown{};
  }
}

constexpr std::string_view time_prefix = "{\"t\":";

// The time that a line of ours begins with, without parsing the rest.
std::optional<Instant> time_of(std::string_view line) {
  if (!line.starts_with(time_prefix)) return std::nullopt;
  line.remove_prefix(time_prefix.size());
  std::int64_t nanoseconds = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), nanoseconds);
  if (error != std::errc{} || end == line.data() + line.size() || *end != ',') return std::nullopt;
  return Instant(Duration(nanoseconds));
}

// The client that a line of ours names right after the event's name, without parsing the rest;
// nothing for what is everybody's business.
std::optional<std::size_t> client_of(std::string_view line) {
  constexpr std::string_view name_key = ",\"e\":\"";
  constexpr std::string_view client_key = "\",\"client\":";
  const std::size_t name = line.find(name_key);
  if (name == std::string_view::npos) return std::nullopt;
  const std::size_t end = line.find('"', name + name_key.size());
  if (end == std::string_view::npos || !line.substr(end).starts_with(client_key))
    return std::nullopt;
  const std::string_view event = line.substr(name + name_key.size(), end - name - name_key.size());
  if (event == attempted_word) return std::nullopt;
  line.remove_prefix(end + client_key.size());
  std::size_t client = 0;
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), client);
  return parsed.ec == std::errc{} ? std::optional(client) : std::nullopt;
}

std::string read_head(const json::value& head, RunInfo& run) {
  const auto* object = head.if_object();
  const auto* format = object == nullptr ? nullptr : object->if_contains("format");
  if (format == nullptr || *format != "mqttlab-events") return "not a trace of mqttlab";
  const auto* version = object->if_contains("version");
  if (version == nullptr || *version != events_version)
    return fmt::format("another version of the format; this program reads version {}",
                       events_version);
  const auto* content = object->if_contains("run");
  if (content == nullptr) return "run: missing";
  report::Fault fault;
  ReadFields::read(*content, run, "run", fault);
  return fault.text;
}

}  // namespace

EventReader::EventReader(std::istream& in) : in_(in) {
  for (unsigned i = 0; i <= static_cast<unsigned>(Rule::limit_is_kept); ++i)
    rules_.emplace(info(static_cast<Rule>(i)).name, static_cast<Rule>(i));
  if (!read_line()) {
    fail("empty: not a trace of mqttlab");
    return;
  }
  boost::system::error_code failed;
  const json::value head = json::parse(line_, failed);
  if (failed) {
    fail("not a trace of mqttlab");
    return;
  }
  RunInfo run;
  std::string why = read_head(head, run);
  if (why.empty())
    run_ = std::move(run);
  else
    fail(std::move(why));
}

bool EventReader::read_line() {
  if (!std::getline(in_, line_)) return false;
  ++line_number_;
  return true;
}

void EventReader::skip_others(std::span<const trace::ClientIndex> clients) {
  wanted_.assign(run_ ? run_->clients.size() : 0, false);
  for (const trace::ClientIndex client : clients)
    if (static_cast<std::size_t>(client) < wanted_.size())
      wanted_[static_cast<std::size_t>(client)] = true;
}

bool EventReader::is_wanted(Instant at) const {
  if (at < from_) return false;
  if (wanted_.empty()) return true;
  const std::optional<std::size_t> client = client_of(line_);
  return !client || *client >= wanted_.size() || wanted_[*client];
}

bool EventReader::fail(std::string why) {
  fault_ = Fault{line_number_, std::move(why)};
  return false;
}

bool EventReader::next(trace::Observer& observer) {
  if (fault_ || !run_ || truncated_) return false;
  std::optional<Instant> at;
  do {
    if (!read_line()) return false;
    if (in_.eof()) return fail("the file ends within this line");
    at = time_of(line_);
    if (!at) return fail("does not begin with its time");
    if (*at < last_) return fail("time goes backwards");
    last_ = *at;
  } while (!is_wanted(*at));
  json::monotonic_resource memory;
  boost::system::error_code failed;
  const json::value value = json::parse(line_, failed, &memory);
  if (failed || !value.is_object()) return fail("not complete JSON");
  Members in(value.get_object(), *run_);
  const std::string_view name = in.text("e");
  if (name == truncated_word) {
    truncated_ = true;
    return false;
  }
  Reading reading{in, rules_, wire_};
  const trace::Event event{*at, what_of(name, reading)};
  if (!in.fault().empty()) return fail(in.fault());
  observer.observe(event);
  return true;
}

}  // namespace mq::report
