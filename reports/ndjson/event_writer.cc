#include "reports/ndjson/event_writer.h"

#include <boost/json.hpp>
#include <vector>

#include "base/overloaded.h"
#include "reports/ndjson/line.h"
#include "reports/ndjson/words.h"
#include "reports/run_info_json.h"
#include "reports/text/secret.h"

namespace mq::report {
namespace {

using namespace trace;

void put(Line& line, const Connection& connection) {
  line.number("client", static_cast<std::uint32_t>(connection.client))
      .number("conn", connection.number);
}
void put(Line& line, ClientIndex client, const Stamp& stamp) {
  line.number("client", static_cast<std::uint32_t>(client)).word("message", to_text(stamp));
}

void put_fault(Line& line, std::size_t fault, std::optional<ClientIndex> client) {
  line.number("fault", fault);
  if (client) line.number("client", static_cast<std::uint32_t>(*client));
}
void put(Line& line, const Spent& spent) {
  line.number("client", static_cast<std::uint32_t>(spent.client));
  line.number("up", spent.bytes_up).number("down", spent.bytes_down);
  if (spent.radio_on) line.number("radio_ns", spent.radio_on->count());
  if (spent.microjoules) line.number("microjoules", *spent.microjoules);
}

template <class T>
constexpr bool acknowledges = false;
template <Kind kind>
constexpr bool acknowledges<Acknowledgement<kind>> = true;

// What a reader of the file wants to see; the bytes say it all once more.
template <class T>
void put_readable(Line& line, const T& packet) {
  if constexpr (requires { packet.packet_id; }) {
    if (packet.packet_id != PacketId::none)
      line.number("id", static_cast<std::uint16_t>(packet.packet_id));
  }
  if constexpr (std::is_same_v<T, Publish>) {
    line.number("qos", static_cast<unsigned>(packet.qos));
    if (packet.dup) line.flag("dup", true);
    if (packet.retain) line.flag("retain", true);
    line.text("topic", packet.topic);
    if (const auto stamp = stamp_of(packet.payload.text())) line.word("message", to_text(*stamp));
  } else if constexpr (std::is_same_v<T, Connect>) {
    line.text("client_id", packet.client_id).flag("clean_start", packet.clean_start);
    line.number("keep_alive", packet.keep_alive);
  } else if constexpr (std::is_same_v<T, ConnAck>) {
    line.flag("session_present", packet.session_present);
    line.number("reason", static_cast<unsigned>(packet.reason));
  } else if constexpr (acknowledges<T> || std::is_same_v<T, Disconnect>) {
    if (packet.reason != ReasonCode::success)
      line.number("reason", static_cast<unsigned>(packet.reason));
  } else if constexpr (std::is_same_v<T, Subscribe>) {
    if (!packet.entries.empty()) line.text("filter", packet.entries.front().filter);
  } else if constexpr (std::is_same_v<T, Unsubscribe>) {
    if (!packet.filters.empty()) line.text("filter", packet.filters.front());
  }
}

void put_publish(Line& line, const Publish& publish, std::vector<std::byte>& scratch) {
  scratch.clear();
  encode(publish, Version::v5, scratch);
  put_readable(line, publish);
  line.base64("wire", scratch);
}

// "GET /shop/temp HTTP/1.1", for a reader of the file.
std::string_view first_line(std::span<const std::byte> wire) {
  const std::string_view text(reinterpret_cast<const char*>(wire.data()), wire.size());
  return text.substr(0, text.find('\r'));
}

void put(Line& line, const ValueTaken& taken) {
  put(line, taken.client, taken.stamp);
  line.text("path", taken.path);
}
void put(Line& line, const ValueRead& read) {
  line.number("client", static_cast<std::uint32_t>(read.client));
  if (read.stamp) line.word("message", to_text(*read.stamp));
  line.text("path", read.path);
}
void put(Line& line, const HttpSeen& seen) {
  put(line, seen.connection);
  line.word("end", word(end_words, seen.end)).flag("sent", seen.sent);
  line.text("line", first_line(seen.wire)).base64("wire", seen.wire);
}
void put(Line& line, const HttpFailed& failed) {
  put(line, failed.connection);
  line.text("reason", failed.reason);
}

// The members of one kind of event after its time and its name.
void put_members(Line& line, const What& what, std::vector<std::byte>& scratch) {
  std::visit(
      overloaded{
          [&](const LinkOpening& e) { put(line, e.connection); },
          [&](const LinkOpened& e) {
            put(line, e.connection);
            line.word("end", word(end_words, e.end));
          },
          [&](const LinkClosed& e) {
            put(line, e.connection);
            line.word("end", word(end_words, e.end))
                .word("cause", word(close_cause_words, e.cause));
            line.flag("by_this_end", e.by_this_end);
          },
          [&](const PacketSeen& e) {
            put(line, e.connection);
            line.word("end", word(end_words, e.end)).number("v", static_cast<unsigned>(e.version));
            line.word("kind", name(kind(*e.packet)));
            std::visit([&](const auto& packet) { put_readable(line, packet); }, *e.packet);
            line.base64("wire", without_password(*e.packet, e.wire, scratch));
          },
          [&](const MalformedSeen& e) {
            put(line, e.connection);
            line.word("end", word(end_words, e.end)).word("rule", info(e.fault.rule).name);
            line.number("offset", e.fault.offset).flag("sent", e.sent);
            line.number("v", static_cast<unsigned>(e.version));
            // No more: there may be a password in it.
            line.number("first", e.wire.empty() ? 0U : std::to_integer<unsigned>(e.wire[0]));
          },
          [&](const Attempted& e) {
            put(line, e.client, e.stamp);
            line.number("qos", static_cast<unsigned>(e.qos)).flag("retain", e.retain);
            line.text("topic", e.topic).number("payload_bytes", e.payload_bytes);
          },
          [&](const NotSent& e) {
            put(line, e.client, e.stamp);
            line.text("reason", e.reason);
          },
          [&](const Acknowledged& e) {
            put(line, e.client, e.stamp);
            line.number("reason", static_cast<unsigned>(e.reason));
          },
          [&](const Delivered& e) {
            put(line, e.connection);
            put_publish(line, *e.publish, scratch);
          },
          [&](const FaultBegan& e) { put_fault(line, e.fault, e.client); },
          [&](const FaultEnded& e) { put_fault(line, e.fault, e.client); },
          [&](const BrokerDown&) {},
          [&](const BrokerUp&) {},
          [&](const CalmBegan&) {},
          [&](const RunEnded& e) { line.flag("complete", e.complete); },
          [&](const ClientDown& e) {
            line.number("client", static_cast<std::uint32_t>(e.client));
            line.flag("keeps_session", e.keeps_session);
          },
          [&](const ClientUp& e) { line.number("client", static_cast<std::uint32_t>(e.client)); },
          [&](const Spent& e) { put(line, e); },
          [&](const BrokerSaid& e) { line.text("text", e.text); },
          [&](const ValueTaken& e) { put(line, e); },
          [&](const ValueRead& e) { put(line, e); },
          [&](const HttpSeen& e) { put(line, e); },
          [&](const HttpFailed& e) { put(line, e); },
          [&](const Called& e) {
            line.number("client", static_cast<std::uint32_t>(e.client));
            line.flag("answered", e.answered).number("took_ns", e.took.count());
          }},
      what);
}

std::string_view name_of(const What& what) {
  if (const auto* packet = std::get_if<PacketSeen>(&what))
    return packet->sent ? sent_word : received_word;
  return event_words[what.index()];
}

}  // namespace

EventWriter::EventWriter(OutputFile& out, const trace::RunInfo& run, std::uint64_t bytes_max)
    : out_(out), bytes_max_(bytes_max) {
  boost::json::object head;
  head.emplace("format", "mqttlab-events");
  head.emplace("version", events_version);
  head.emplace("run", WriteFields::value_of(run));
  out_.append(boost::json::serialize(head) + "\n");
}

void EventWriter::observe(const trace::Event& event) {
  if (truncated_ || out_.error()) return;
  std::string& buffer = out_.buffer();
  const std::size_t begin = buffer.size();
  Line line(buffer);
  line.number("t", event.at.time_since_epoch().count()).word("e", name_of(event.what));
  put_members(line, event.what, scratch_);
  std::size_t size = line.finish();
  if (out_.size() + size > bytes_max_) {
    truncated_ = true;
    buffer.resize(begin);
    Line last(buffer);
    last.number("t", event.at.time_since_epoch().count()).word("e", truncated_word);
    last.number("bytes_max", bytes_max_);
    size = last.finish();
  }
  out_.commit(size);
}

}  // namespace mq::report
