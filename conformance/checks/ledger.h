// The ledger of deliveries: for every message attempted, acknowledged, delivered; who was owed it,
// and what became of that. Serves sections 4.3 (QoS), 4.5 and 4.6 (ordering) of both standards.
//
// Who is owed a message: a subscriber whose SUBACK had granted a matching filter before the
// publisher first sent the message, and whose session lived on since; with QoS 0, one that is
// connected. A message with QoS 1 or 2 is owed only when its publisher has been told that the
// broker has it. A settled message leaves nothing but its number in an IntervalSet.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fetch.h"
#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/interval_set.h"
#include "conformance/checks/latency.h"
#include "conformance/checks/tally.h"
#include "conformance/checks/transit.h"

namespace mq::checks {

// Messages towards a group of subscribers, by the QoS of delivery.
struct DeliveryCounts {
  std::uint64_t owed = 0;        // to be delivered: delivered, lost or waiting below
  std::uint64_t delivered = 0;   // for the first time, owed or not
  std::uint64_t lost = 0;        // owed, and did not come
  std::uint64_t duplicated = 0;  // came again
  std::uint64_t unexpected = 0;  // came without a subscription, or otherwise than published
  std::uint64_t reordered = 0;   // came after a later one
  std::uint64_t late = 0;        // came after the limit that the scenario sets for its QoS
  std::uint64_t open = 0;        // not delivered, not (yet) owed, or the subscriber is away
  std::uint64_t cancelled = 0;   // not owed any longer: the session or the subscription ended

  DeliveryCounts& operator+=(const DeliveryCounts& other);
  bool operator==(const DeliveryCounts&) const = default;
};
struct PublishCounts {
  std::uint64_t attempted = 0;
  std::uint64_t not_sent = 0;  // the client refused
  std::uint64_t refused = 0;   // the broker refused
  std::uint64_t acknowledged = 0;
  std::uint64_t open = 0;  // QoS 1 and 2: no acknowledgement

  bool operator==(const PublishCounts&) const = default;
};
struct LedgerRow {
  Qos qos;
  std::string group;  // of subscribers
  DeliveryCounts counts;
};
struct LedgerTable {
  std::vector<LedgerRow> rows;           // by group in the order of the run's clients, then by QoS
  std::array<DeliveryCounts, 3> totals;  // by QoS of delivery
  std::array<PublishCounts, 3> published;  // by QoS as published
};

class Ledger final : public Check {
 public:
  // `fleet` outlives it and has observed every event before it.
  // `transit` has, too, by the end: it is asked why a message did not arrive.
  Ledger(Fleet& fleet, const Transit& transit);

  void observe(const trace::Event& event) override;
  // qos0, qos1, qos2, order, acknowledged.
  std::vector<Finding> finish(Instant end) override;

  const LedgerTable& table() const { return table_; }  // after finish()
  // By QoS of delivery; from the attempt to the first delivery.
  const LatencyHistogram (&latency() const)[3] { return latency_; }
  // Messages that reached a subscriber which was away when they were sent.
  std::uint64_t waited() const { return waited_; }
  // A QoS 1 or 2 exchange of a publisher, or a delivery that is owed, is incomplete.
  bool in_flight() const { return unacknowledged_ > 0 || debts_ > 0; }
  // Resumed sessions out of which nothing came of what they owed; after finish().
  const Tally& empty_sessions() const { return empty_sessions_; }

  // What is held, for tests of its bounds.
  struct Census {
    std::size_t messages;   // open, and a fixed number of recent ones
    std::size_t debts;      // open
    std::size_t cells;      // pairs of a stream and a subscriber
    std::size_t intervals;  // over all cells
  };
  Census census() const;
  // Asks for what the next event of this client will touch.
  void fetch(ClientIndex client) const {
    mq::fetch(&publishers_[static_cast<std::size_t>(client)]);
  }
  static constexpr std::size_t recent_messages_max = 8192;

 private:
  struct Key {
    ClientIndex publisher;
    std::uint64_t number;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      std::uint64_t mixed = key.number * 0x9e3779b97f4a7c15ULL;
      mixed ^= static_cast<std::uint64_t>(key.publisher) * 0xc2b2ae3d27d4eb4fULL;
      return static_cast<std::size_t>(mixed ^ (mixed >> 29));
    }
  };
  struct Message {
    Instant attempted;
    Instant sent = Instant::max();
    Instant owed_since = Instant::max();
    std::uint64_t previous = 0;  // in its stream
    TopicId topic{};
    std::uint32_t stream = 0;
    std::uint32_t epoch = 0;  // the publisher's session in which it was sent last
    std::uint32_t open = 0;   // debts
    Qos qos = Qos::at_most_once;
    bool was_sent = false;
    bool was_attempted = false;  // else only a PUBLISH was seen
    bool acknowledged = false;
    bool refused = false;
    bool given_up = false;  // its publisher's session ended after PUBREC, or it forgot the message
    bool recent = false;
  };
  struct Debt {
    std::uint64_t number;
    Qos qos;
    bool waited = false;        // the subscriber was away when it was sent
    bool session_lost = false;  // the broker forgot a session that it had to keep
    bool carried = false;       // owed by a session since before it was last resumed
  };
  struct Copies {
    Qos qos;
    IntervalSet numbers;
  };
  struct Recent {
    std::uint64_t number = 0;
    Instant at;
  };
  // What one subscriber got of one stream.
  struct Cell {
    ClientIndex subscriber;
    std::vector<Copies> copies;           // usually one; more for overlapping filters
    std::vector<Debt> open;               // ascending numbers
    IntervalSet away;                     // QoS 0, published while the subscriber was away
    std::array<std::uint64_t, 3> last{};  // by QoS: the latest first delivery
    std::array<Recent, 4> recent{};
    std::uint8_t recent_next = 0;
  };
  // One publisher, topic and QoS: what the standard wants in order.
  struct Stream {
    ClientIndex publisher;
    TopicId topic;
    Qos qos;
    bool ordered = true;  // its publisher sends in the order of numbers
    std::uint64_t last_sent = 0;
    std::uint64_t last_at_broker = 0;
    IntervalSet sent_again;   // copies of these are the publisher's doing
    std::vector<Cell> cells;  // by subscriber
  };
  struct Publisher {
    std::uint64_t highest = 0;  // number attempted or sent
    boost::container::small_vector<std::pair<PacketId, std::uint64_t>, 1> in_flight;
    std::optional<std::uint32_t> last_stream;
  };
  // What a delivered PUBLISH may be, by the subscriptions of its receiver.
  struct Entitlement {
    std::uint32_t subscriptions = 0;
    std::uint32_t of_this_qos = 0;
    Qos qos_max = Qos::at_most_once;
    Qos qos_sure = Qos::at_most_once;  // the highest that the subscriptions give for sure
    bool shared_only = true;
    bool may_be_shared = false;  // a shared subscription brings it with this QoS, if any does
    bool echo = true;            // every matching subscription asked for no local messages
    bool retained_copy = false;  // may be one
    bool retain_as_published = false;
  };
  struct Receiver {
    std::vector<std::uint32_t> streams;
    std::uint64_t debts = 0;
    Instant resumed_at;                   // when its session was resumed last
    std::uint64_t carried_delivered = 0;  // since then
    std::uint64_t carried_lost = 0;
    bool is_down = false;  // its application is gone
  };

  void on(const trace::Attempted& attempted, Instant at);
  void on(const trace::NotSent& not_sent);
  void on(const trace::Acknowledged& acknowledged, Instant at);
  void on(const trace::PacketSeen& seen, Instant at);
  void on(const trace::Delivered& delivered, Instant at);
  void on(const trace::ClientDown& down);
  void on_changes(Instant at);

  // The publisher's side.
  void on_sent(ClientIndex publisher, const Publish& publish, std::size_t bytes, Instant at);
  void on_sent_first(Message& message, const trace::Stamp& stamp, const Publish& publish,
                     std::size_t bytes, Instant at);
  void on_answer(ClientIndex publisher, Kind kind, PacketId packet_id, ReasonCode reason,
                 Instant at);
  void on_at_broker(const trace::Stamp& stamp, const Publish& publish);
  void acknowledge(Key key, Message& message, ReasonCode reason, Instant at);
  void refuse(Key key, Message& message);
  void owe(const Key& key, Message& message, const Publish& publish, std::size_t bytes, Instant at);
  // The publisher began a new session: what the broker had received will not be completed.
  void give_up_received(ClientIndex publisher);
  void give_up(const Key& key, Message& message);
  void cancel_debts(const Key& key, Message& message);
  void retire_if_done(const Key& key, Message& message);
  Message& message_of(const trace::Stamp& stamp, Instant at);
  Message* find_message(const trace::Stamp& stamp);
  std::uint32_t stream_of(ClientIndex publisher, TopicId topic, Qos qos);
  Cell& cell_of(std::uint32_t stream, ClientIndex subscriber);
  Cell* find_cell(Stream& stream, ClientIndex subscriber);

  // The subscriber's side.
  std::optional<std::uint32_t> stream_of_settled(const trace::Stamp& stamp, TopicId topic,
                                                 ClientIndex subscriber);
  Entitlement entitlement(ClientIndex subscriber, ClientIndex publisher, TopicId topic,
                          Qos published, Qos qos, const Message* message) const;
  void unexpected(const trace::Delivered& delivered, const trace::Stamp& stamp, Instant at,
                  const std::string& why);
  void take(const trace::Delivered& delivered, const trace::Stamp& stamp, Message* message,
            std::uint32_t stream, const Entitlement& entitled, Instant at);
  void on_duplicate(const trace::Stamp& stamp, const Message* message, const Stream& stream,
                    const Cell& cell, Qos qos, Instant at);
  void on_first(const trace::Stamp& stamp, const Message* message, const Stream& stream, Cell& cell,
                Qos qos, bool may_be_shared, Instant when);
  void settle(const trace::Stamp& stamp, Message* message, Stream& stream, Cell& cell, Qos qos,
              Qos qos_sure);
  void give_up_skipped(Stream& stream, Cell& cell, std::uint64_t number);

  // What ends debts otherwise.
  enum class Ending : std::uint8_t { cancelled, lost };
  template <class Which>  // bool(const Stream&, const Debt&)
  void end_debts(ClientIndex subscriber, Ending how, Which&& which);
  void end_debt(Stream& stream, Cell& cell, const Debt& debt, Ending how);
  void session_lost(ClientIndex subscriber);
  void session_resumed(ClientIndex subscriber, Instant at);

  // The end.
  enum class Fate : std::uint8_t { lost, open, cancelled };
  Fate fate(const Stream& stream, const Cell& cell, const Debt& debt, const Message& message,
            Instant end) const;
  void close_cells(Instant end);
  void close_publishers(Instant end);
  struct Loss {
    const Stream* stream;
    const Cell* cell;
    Debt debt;
    Message message;
  };
  void blame(const Loss& loss, Instant end);
  void judge_empty_sessions();
  void fill_table();
  Finding delivery_finding(Qos qos) const;
  Finding order_finding() const;
  Finding acknowledged_finding() const;
  // Whether a client had the time to come back, and to be served, before the end.
  bool calm_was_long(Instant end) const;

  DeliveryCounts& counts(ClientIndex subscriber, Qos qos) {
    return rows_[group_of_[static_cast<std::size_t>(subscriber)]][static_cast<std::size_t>(qos)];
  }
  std::string published_text(const trace::Stamp& stamp, const std::string& topic,
                             const Message* message) const;
  Evidence evidence(Instant at, std::string text, const trace::Stamp& stamp,
                    std::optional<ClientIndex> subscriber, const Message* message) const;

  Fleet& fleet_;
  const Transit& transit_;
  std::vector<std::string> groups_;
  std::vector<std::size_t> group_of_;
  std::vector<std::array<DeliveryCounts, 3>> rows_;  // by group
  std::array<PublishCounts, 3> published_{};
  std::array<std::optional<Duration>, 3> late_after_;

  boost::unordered_flat_map<Key, Message, KeyHash> messages_;
  std::deque<Key> recent_;
  std::vector<Publisher> publishers_;
  std::vector<Stream> streams_;
  std::vector<std::vector<std::uint32_t>> streams_of_topic_;
  std::vector<Receiver> receivers_;  // by client
  struct Owed {
    ClientIndex subscriber;
    Qos qos;
    bool carried;
  };
  std::vector<Owed> owed_to_;  // scratch

  std::uint64_t debts_ = 0;
  std::uint64_t unacknowledged_ = 0;
  std::uint64_t waited_ = 0;
  LatencyHistogram latency_[3];
  std::array<Tally, 3> delivery_;
  Tally order_;
  Tally acknowledged_;
  Tally empty_sessions_;
  LedgerTable table_;
};

}  // namespace mq::checks
