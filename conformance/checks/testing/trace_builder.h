// A trace written by hand, with verbs that read like a story:
//
//   TraceBuilder trace;
//   const auto sensor = trace.add_client({.id = "sensor"});
//   trace.connects(sensor).after(1s);
//   trace.publishes(sensor, "a", Qos::at_least_once);
//
// Verbs on whole exchanges show what both ends see, 10 ms apart in time; the finer verbs leave out
// what is to go wrong.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/checks/check_set.h"
#include "conformance/checks/finding.h"
#include "sim/trace/event.h"
#include "sim/trace/run_info.h"

namespace mq::checks {

inline constexpr auto q0 = Qos::at_most_once;
inline constexpr auto q1 = Qos::at_least_once;
inline constexpr auto q2 = Qos::exactly_once;
inline constexpr auto held = Verdict::held;
inline constexpr auto broken = Verdict::broken;
inline constexpr auto not_tried = Verdict::not_tried;

using trace::ClientIndex;
using trace::CloseCause;
using trace::End;
using trace::Stamp;

class TraceBuilder {
 public:
  explicit TraceBuilder(trace::RunInfo run = {}) : run_(std::move(run)) {}

  ClientIndex add_client(trace::ClientInfo info);
  trace::RunInfo& run() { return run_; }

  TraceBuilder& after(Duration time);
  Instant now() const { return now_; }

  // ---- Connections
  struct ConnectOptions {
    std::optional<bool> clean_start = {};  // else as the client's ClientInfo says
    std::optional<std::uint32_t> session_expiry = {};
    std::optional<bool> present = {};  // session present in CONNACK; else as it should be
    bool answered = true;
    std::optional<Will> will = {};
    std::uint16_t keep_alive = 0;
  };
  TraceBuilder& connects(ClientIndex client) { return connects(client, {}); }
  TraceBuilder& connects(ClientIndex client, const ConnectOptions& options);
  TraceBuilder& disconnects(ClientIndex client);  // DISCONNECT, then both ends close
  TraceBuilder& loses_link(ClientIndex client);   // both ends see a reset
  TraceBuilder& link_closes_at(ClientIndex client, End end, bool by_this_end = false,
                               CloseCause cause = CloseCause::timed_out);
  TraceBuilder& opens(ClientIndex client);
  // The same in two parts.
  TraceBuilder& opens_slowly(ClientIndex client);
  TraceBuilder& is_opened(ClientIndex client);
  // The broker's end of an earlier connection.
  TraceBuilder& broker_closes(ClientIndex client, std::uint32_t connection);

  // ---- Subscriptions: SUBSCRIBE and SUBACK
  TraceBuilder& subscribes(ClientIndex client, const std::string& filter, Qos qos);
  TraceBuilder& subscribes(ClientIndex client, const std::string& filter,
                           SubscriptionOptions options);
  TraceBuilder& asks_for(ClientIndex client, const std::string& filter,
                         SubscriptionOptions options);
  TraceBuilder& is_granted(ClientIndex client, Qos qos);  // the last one that it asked for
  TraceBuilder& unsubscribes(ClientIndex client, const std::string& filter);

  // ---- Messages
  struct PublishOptions {
    bool retain = false;
    bool empty = false;  // no payload: clears a retained message
    Properties properties = {};
  };
  // The whole exchange up to the acknowledgement; the stamp of the message.
  Stamp publishes(ClientIndex client, const std::string& topic, Qos qos) {
    return publishes(client, topic, qos, {});
  }
  Stamp publishes(ClientIndex client, const std::string& topic, Qos qos,
                  const PublishOptions& options);
  Stamp attempts(ClientIndex client, const std::string& topic, Qos qos) {
    return attempts(client, topic, qos, {});
  }
  Stamp attempts(ClientIndex client, const std::string& topic, Qos qos,
                 const PublishOptions& options);
  TraceBuilder& refuses(ClientIndex client, Stamp stamp);  // NotSent
  TraceBuilder& sends(Stamp stamp, bool again = false);    // PUBLISH leaves the client
  TraceBuilder& broker_gets(Stamp stamp);                  // ... and arrives
  TraceBuilder& is_acknowledged(Stamp stamp, ReasonCode reason = ReasonCode::success);
  TraceBuilder& pub_rec(Stamp stamp);  // PUBREC alone
  struct DeliverOptions {
    std::optional<std::string> topic = {};
    bool retain = false;
    bool dup = false;
  };
  TraceBuilder& delivers(Stamp stamp, ClientIndex to, Qos qos) {
    return delivers(stamp, to, qos, {});
  }
  TraceBuilder& delivers(Stamp stamp, ClientIndex to, Qos qos, const DeliverOptions& options);
  // Any packet, at one end.
  TraceBuilder& packet(ClientIndex client, End end, bool sent, Packet packet) {
    return packet_on(client, of(client).connection, end, sent, std::move(packet));
  }
  TraceBuilder& packet_on(ClientIndex client, std::uint32_t connection, End end, bool sent,
                          Packet packet);
  // Stamps of wills carry the number of the connection; their topic is given when delivered.
  Stamp will_of(ClientIndex client) const;

  // ---- The run
  // Any event without a packet.
  TraceBuilder& happens(trace::What what) {
    add(std::move(what));
    return *this;
  }
  TraceBuilder& broker_crashes();
  TraceBuilder& broker_starts();
  TraceBuilder& calm();
  // Ends the run, judges it.
  Judgement judged(bool complete = true);
  // Feeds the trace to something else.
  void feed(trace::Observer& observer) const;

 private:
  struct Client {
    std::uint32_t connection = 0;
    std::uint64_t messages = 0;
    std::uint16_t packet_id = 0;
    std::uint16_t subscribe_id = 0;
    bool has_session = false;
    std::uint32_t expiry = 0;
    bool open = false;
  };
  struct Message {
    std::string topic;
    Qos qos;
    PublishOptions options;
    std::uint16_t packet_id;
  };
  Client& of(ClientIndex client) { return clients_[static_cast<std::size_t>(client)]; }
  trace::Connection connection(ClientIndex client) const;
  Publish publish_packet(Stamp stamp, bool dup) const;
  // Owns what the event points to.
  using Replay = std::function<void(trace::Observer&)>;
  void add(trace::What what);
  void add_replay(Replay replay) { events_.push_back(std::move(replay)); }
  void both(ClientIndex client, End sender, Packet packet);

  trace::RunInfo run_;
  Instant now_{};
  std::vector<Client> clients_;
  std::map<Stamp, Message> messages_;
  std::vector<Replay> events_;
};

// The finding with this id; ends the test if there is none.
const Finding& finding(const Judgement& judgement, const std::string& id);

}  // namespace mq::checks
