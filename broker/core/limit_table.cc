#include "broker/core/limit_table.h"

#include <array>

namespace mq::broker {
namespace {

template <auto Member>
std::uint64_t value_of(const Limits& limits) {
  if constexpr (requires { (limits.*Member).count(); })
    return static_cast<std::uint64_t>((limits.*Member).count());
  else
    return static_cast<std::uint64_t>(limits.*Member);
}

constexpr std::array rows{
    LimitRow{"packet_bytes_before_connect", "bytes", "of a packet until its sender is let in",
             value_of<&Limits::packet_bytes_before_connect>},
    LimitRow{"packet_bytes", "bytes", "of a packet afterwards; 5.0 clients are told",
             value_of<&Limits::packet_bytes>},
    LimitRow{"payload_bytes", "bytes",
             "of the payload of a PUBLISH or a will; 0: as many as its packet may have",
             value_of<&Limits::payload_bytes>},
    LimitRow{"connect_timeout", "s", "until CONNECT has arrived",
             value_of<&Limits::connect_timeout>},
    LimitRow{"receive_maximum", "messages", "of QoS 1 and 2 under way from a 5.0 client",
             value_of<&Limits::receive_maximum>},
    LimitRow{"open_qos2_messages", "messages",
             "of QoS 2 of one session that were passed on and not released; one more closes the "
             "link",
             value_of<&Limits::open_qos2_messages>},
    LimitRow{"topic_aliases", "aliases", "that a publisher may use",
             value_of<&Limits::topic_aliases>},
    LimitRow{"topic_aliases_out", "aliases", "that are used towards a subscriber who grants them",
             value_of<&Limits::topic_aliases_out>},
    LimitRow{"inflight_messages", "messages",
             "of QoS 1 and 2 under way to a client that names no "
             "receive maximum",
             value_of<&Limits::inflight_messages>},
    LimitRow{"inflight_bytes", "bytes",
             "of messages under way to one client, from which on no further one is sent; 0: any",
             value_of<&Limits::inflight_bytes>},
    LimitRow{"queued_messages", "messages", "that wait for one session or are under way to it",
             value_of<&Limits::queued_messages>},
    LimitRow{"queued_bytes", "bytes", "of those: topics, payloads and properties",
             value_of<&Limits::queued_bytes>},
    LimitRow{"topic_levels", "levels", "of a topic or filter", value_of<&Limits::topic_levels>},
    LimitRow{"topic_bytes", "bytes", "of a topic or filter", value_of<&Limits::topic_bytes>},
    LimitRow{"subscriptions_per_session", "subscriptions", "of one session",
             value_of<&Limits::subscriptions_per_session>},
    LimitRow{"retained_messages", "messages", "that are retained",
             value_of<&Limits::retained_messages>},
    LimitRow{"retained_bytes", "bytes", "of those", value_of<&Limits::retained_bytes>},
    LimitRow{"links", "connections", "at once", value_of<&Limits::links>},
    LimitRow{"links_per_address", "connections",
             "at once of one IPv4 address or IPv6 /64 network; 0: any number",
             value_of<&Limits::links_per_address>},
    LimitRow{"links_per_second", "connections",
             "a second of one such address, after a burst of as many; 0: any number",
             value_of<&Limits::links_per_second>},
    LimitRow{"sessions", "sessions", "connected or not", value_of<&Limits::sessions>},
    LimitRow{"backlog_bytes", "bytes",
             "written to a connection and not yet taken by it: no "
             "further messages are",
             value_of<&Limits::backlog_bytes>},
    LimitRow{"write_stall", "ms",
             "that a full backlog may stand still; then the connection is "
             "closed",
             value_of<&Limits::write_stall>},
    LimitRow{"hold", "ms",
             "that a PUBLISH waits for subscribers who are there to have room; 0: it "
             "does not",
             value_of<&Limits::hold>},
    LimitRow{"held_messages", "messages",
             "that wait so on one connection; then it is read no "
             "further",
             value_of<&Limits::held_messages>},
    LimitRow{"held_bytes", "bytes", "of those", value_of<&Limits::held_bytes>},
    LimitRow{"unstored_bytes", "bytes",
             "of records that are not durable yet; then what would add to them waits, and its link "
             "is read no further",
             value_of<&Limits::unstored_bytes>},
    LimitRow{"session_expiry", "s",
             "that a session is kept without its client; 4294967295: for "
             "ever",
             value_of<&Limits::session_expiry>},
    LimitRow{"verifications", "passwords", "that are verified at once",
             value_of<&Limits::verifications>},
    LimitRow{"verifications_waiting", "passwords", "that wait to be verified; one more is refused",
             value_of<&Limits::verifications_waiting>},
};

}  // namespace

std::span<const LimitRow> limit_table() { return rows; }

std::string limits_as_markdown() {
  std::string text = "| limit | default | bounds |\n| --- | --- | --- |\n";
  for (const LimitRow& row : rows) {
    text += "| `" + std::string(row.name) + "` | " + std::to_string(row.value(Limits{})) + " " +
            std::string(row.unit) + " | " + std::string(row.bounds) + " |\n";
  }
  return text;
}

}  // namespace mq::broker
