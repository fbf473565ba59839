// What may be known, from the trace alone, of every client's connection, session and subscriptions.
// The trace shows what either end sent and received; what the broker holds in between is known
// only within bounds, and those are kept here, so that no check accuses on a guess: `sure` means
// that the broker must hold it, "may" that it could.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "conformance/checks/topics.h"
#include "sim/trace/event.h"
#include "sim/trace/run_info.h"

namespace mq::checks {

using trace::ClientIndex;

enum class Known : std::uint8_t { no, maybe, yes };

struct Subscription {
  FilterId filter;
  bool sure = false;  // granted, and the session that holds it surely lives
  SubscriptionOptions options;
  Qos granted = Qos::at_most_once;       // the lowest QoS that may be in force
  Qos granted_most = Qos::at_most_once;  // the highest that was in its session
  Instant requested;                     // when the last SUBSCRIBE was sent
  std::optional<Instant> granted_at;     // when its SUBACK came; nothing while it is awaited
  std::uint32_t granted_on = 0;          // connection of the SUBACK
  std::optional<Instant> ended;          // UNSUBACK
};

// What an event meant for sessions. Valid until the next event.
struct SessionOver {  // or possibly over: nothing that it held is owed any longer
  ClientIndex client;
  bool allowed;  // else the broker had to keep it
};
struct SubscriptionOver {  // UNSUBSCRIBE sent
  ClientIndex client;
  FilterId filter;
};
struct ConnectionOver {  // the first end knows
  ClientIndex client;
};
struct Accepted {  // CONNACK received
  ClientIndex client;
  std::uint32_t connection;
  bool session_present;
  Known expected;  // whether it had to be present
  bool clean_start;
  bool expired;         // it may be gone because its expiry has passed
  bool returning;       // it had a session before
  Instant alive_until;  // the bounds of the session that it came back for
  Instant gone_after;
};
struct Subscribing {  // SUBSCRIBE sent; one for each filter
  ClientIndex client;
  FilterId filter;
  Known existed;
};
struct Granted {  // SUBACK received; one for each filter
  ClientIndex client;
  FilterId filter;
  bool success;
};
using Change =
    std::variant<SessionOver, SubscriptionOver, ConnectionOver, Accepted, Subscribing, Granted>;

struct ClientState {
  // The newest connection.
  std::uint32_t connection = 0;
  bool connect_sent = false;
  bool accepted = false;
  bool refused = false;  // the last answer to a CONNECT, on this connection or an earlier one
  bool client_closed = true;
  bool broker_closed = true;
  Instant broker_closed_at;      // of the newest connection
  bool crashed = false;          // the broker went down during it
  bool disconnect_sent = false;  // in order
  bool clean_start = false;
  std::uint32_t requested_expiry = 0;
  std::optional<std::uint32_t> packet_bytes_max;  // the client's, of 5.0
  Instant connect_sent_at;
  Instant accepted_at;
  Instant last_heard;                // a packet reached the client
  Instant over_at;                   // when the first end knew of the end of the last accepted one
  bool reached_broker = false;       // its broker's end was opened
  std::uint32_t open_at_broker = 0;  // connections, also older ones that it still holds

  // The session, as the broker holds it.
  Known session = Known::no;
  std::uint32_t epoch = 0;  // counts the sessions, also one that may be another
  std::uint32_t expiry_min = 0;
  std::uint32_t expiry_max = 0;
  Instant alive_until;       // surely, while the client is away
  Instant gone_after;        // surely, while the client is away
  bool attempted = false;    // since it was last accepted, a CONNECT went without answer
  Known before = Known::no;  // as `session`, when CONNECT was sent
  Instant gone_before;       // as `gone_after`, when CONNECT was sent
  std::vector<Subscription> subscriptions;

  // Not even half-open, as far as the broker is concerned.
  bool surely_away() const {
    return session == Known::yes && connection > 0 && open_at_broker == 0 && !present();
  }
  bool present() const { return accepted && !client_closed && !broker_closed; }
  // Its application ended it: nothing is owed to or by it until it comes back.
  bool stopped() const { return disconnect_sent; }
  bool surely_alive(Instant at) const {
    return session == Known::yes && (present() || at < alive_until);
  }
};

class Fleet {
 public:
  explicit Fleet(const trace::RunInfo& run);

  void observe(const trace::Event& event);
  const std::vector<Change>& changes() const { return changes_; }

  const trace::RunInfo& run() const { return run_; }
  std::size_t size() const { return clients_.size(); }
  const ClientState& client(ClientIndex index) const {
    return clients_[static_cast<std::size_t>(index)];
  }
  bool knows(ClientIndex index) const { return static_cast<std::size_t>(index) < clients_.size(); }
  Topics& topics() { return topics_; }
  const Topics& topics() const { return topics_; }
  // Clients that hold a subscription with this filter, or may; ascending.
  const std::vector<ClientIndex>& holders(FilterId filter) const;
  bool may_publish(ClientIndex client, TopicId topic) const;
  // topics().topic(), for a client that nearly always publishes to the topic of the time before.
  TopicId topic_of(ClientIndex publisher, std::string_view name);
  // Asks for what the next event of this client will touch.
  void fetch(ClientIndex client) const;
  const Subscription* subscription(ClientIndex client, FilterId filter) const;

  bool broker_is_up() const { return broker_up_; }
  // False while the broker's disk is full, and for as long after that as it may not have noticed.
  bool stores_at(Instant at) const;
  std::optional<Instant> calm_began() const { return calm_began_; }
  bool complete() const { return complete_; }

 private:
  struct Request {
    ClientIndex client;
    PacketId packet_id;
    Instant at;
    std::vector<FilterId> filters;
    bool subscribe;
  };

  void on(const trace::LinkOpening& opening, Instant at);
  void on(const trace::LinkOpened& opened);
  void on(const trace::LinkClosed& closed, Instant at);
  void on(const trace::PacketSeen& seen, Instant at);
  bool is_of_disk(std::size_t fault) const;
  void on_broker_down(Instant at);
  void on_broker_up(Instant at);

  void on_late_connect(ClientState& client);
  void on_connect(ClientIndex index, const Connect& connect, Instant at);
  void on_conn_ack(ClientIndex index, const ConnAck& conn_ack, Instant at);
  void on_subscribe(ClientIndex index, const Subscribe& subscribe, Instant at);
  void on_sub_ack(ClientIndex index, const SubAck& sub_ack, Instant at);
  void on_unsubscribe(ClientIndex index, const Unsubscribe& unsubscribe, Instant at);
  void on_unsub_ack(ClientIndex index, const UnsubAck& unsub_ack, Instant at);
  void on_disconnect(ClientIndex index, const Disconnect& disconnect);

  void connection_over(ClientIndex index, Instant at);
  void attempt_over(ClientState& client, Instant at);
  void broker_knows_it_is_over(ClientState& client, Instant at);
  void is_recovered(ClientState& client) const;
  // All that the session held is not owed any longer.
  void void_session(ClientIndex index, bool allowed);
  void drop_subscriptions(ClientIndex index);
  void drop_subscription(ClientIndex index, FilterId filter);
  Subscription* find(ClientIndex index, FilterId filter);
  std::optional<Request> take_request(ClientIndex index, PacketId packet_id, bool subscribe);

  struct LastTopic {
    TopicId id{};
    std::uint8_t bytes = 0;
    std::array<char, 59> text;
  };

  const trace::RunInfo& run_;
  std::vector<ClientState> clients_;
  std::vector<LastTopic> last_topics_;  // by client
  Topics topics_;
  std::vector<std::vector<ClientIndex>> holders_;  // by filter
  std::vector<std::vector<Request>> requests_;     // by client: no answer yet
  std::vector<Change> changes_;
  bool broker_up_ = false;
  Instant broker_up_since_;
  bool complete_ = true;
  std::optional<Instant> calm_began_;
  Instant disk_fails_until_{};  // the broker's; max: now; the beginning: it never did
};

// The moment `seconds` after `at`; 0xFFFFFFFF: never, the end of all time.
Instant after_expiry(Instant at, std::uint32_t seconds);

}  // namespace mq::checks
