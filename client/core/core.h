// The state of one client. Its parts lie in client.cc (the course of a connection, time),
// publishing.cc, subscribing.cc and hearing.cc (what the broker sends).
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/core/backoff.h"
#include "client/core/client.h"
#include "client/core/fault.h"
#include "client/core/handshake.h"
#include "client/core/inbound.h"
#include "client/core/legality.h"
#include "client/core/outbound.h"
#include "protocol/scram/scram.h"
#include "protocol/topic_numbers.h"

namespace mq::client {

class Client::Core {
 public:
  Core(Settings settings, Rng rng, const Recovered& recovered);

  void handle(const Input& input, Instant now);
  std::optional<Output> poll();
  std::optional<Instant> deadline() const;
  bool connected() const { return phase_ == Phase::connected; }
  std::size_t queued_messages() const { return outbound_.size(); }

 private:
  // The course of a connection: client.cc.
  void on(const Start&);
  void on(const LinkUp&);
  void on(const LinkDown&);
  void on(const BytesIn&);
  void on(const Drained&);
  void on(const Tick&);
  void on(const Persisted&);
  void on(const WillOrder&);
  void on(const AuthenticateOrder&);
  void on(const StopOrder&);
  void open_link();
  void back_off_or_stop();
  void close(Rule because);
  void fail(Rule broken);
  void on_connected_time();
  void take_time(Instant now);
  void leave_ghost();
  bool is_by_ghost(ReasonCode farewell);
  Instant next_ping() const;
  Instant ping_deadline() const;

  // What we send.
  void put(const Packet& packet);
  void flush();
  void emit(Output output) { outbox_.push_back(std::move(output)); }
  bool fits(std::size_t packet_bytes) const { return packet_bytes <= terms_.packet_bytes; }
  std::uint64_t persist(Record record);
  // Sends once everything up to `sequence` is durable; acknowledgements keep their order.
  void put_when_durable(std::uint64_t sequence, Packet packet);
  void put_durable();
  std::size_t backlog() const { return undrained_ + wire_.size(); }
  PacketId free_packet_id();

  // Messages of ours: publishing.cc.
  void on(const PublishOrder&);
  void publish_at_most_once(const PublishOrder& order);
  std::optional<Completed> unacceptable(const Publish& message) const;
  std::optional<Completed> exceeds_terms(const Publish& message) const;
  void recover(const Recovered& recovered);
  void pump();
  void admit_waiting();
  bool send(Outbound::Item item);
  // Encodes it, with an alias for its topic where the broker takes one.
  void put_publish(const Publish& message);
  void complete(Outbound::Item item, Completed::Outcome outcome,
                ReasonCode reason = ReasonCode::success);
  void tell(const Outgoing& item, Completed::Outcome outcome,
            ReasonCode reason = ReasonCode::success);
  void watch_expiry(const Outgoing& item);
  void drop_expired();
  void resume_session();
  void lose_session();

  // Subscriptions: subscribing.cc.
  struct Request {
    std::variant<SubscribeOrder, UnsubscribeOrder> order;
    PacketId packet_id = PacketId::none;  // none until it is sent on this connection
  };
  void on(const SubscribeOrder&);
  void on(const UnsubscribeOrder&);
  void accept(Request request);
  std::optional<ReasonCode> refusal(const Request& request) const;
  void answer(const Request& request, std::vector<ReasonCode> reasons);
  void send_requests();
  Packet packet_of(const Request& request) const;

  // Who we are: authenticating.cc.
  bool proves_itself() const {
    return settings_.version == Version::v5 && !settings_.authentication_method.empty();
  }
  std::string first_words();
  void begin_authentication(Connect& connect);
  Auth auth_packet(ReasonCode reason, std::string_view data) const;
  void hear(const Auth& packet);
  // Whether the broker has shown that it knows the password.
  bool has_proved_itself(const Properties& said);
  void distrust_broker();

  // What the broker sends: hearing.cc.
  void hear(Packet& packet);
  void hear(ConnAck& packet);
  void hear(Publish& packet);
  void hear(const PubAck& packet);
  void hear(const PubRec& packet);
  void hear(const PubRel& packet);
  void hear(const PubComp& packet);
  void hear(const SubAck& packet);
  void hear(const UnsubAck& packet);
  void hear(const PingResp& packet);
  void hear(Disconnect& packet);
  template <class Any>
  void hear(const Any&) {}  // the table of legality.h lets no other kind through
  void accepted(ConnAck& packet);
  Rule conn_ack_breaks(const ConnAck& packet) const;
  template <class Order>
  auto request_for(PacketId id) {
    return std::find_if(requests_.begin(), requests_.end(), [&](const Request& request) {
      return request.packet_id == id && std::holds_alternative<Order>(request.order);
    });
  }

  Settings settings_;
  Grants grants_;
  Terms terms_;
  Backoff backoff_;
  std::string client_id_;  // ours, or the one that the broker assigned
  bool persists_;

  Phase phase_ = Phase::idle;
  Instant now_{};         // never goes back; the instants below are of this time
  Duration set_back_{};   // what `now_` is ahead of the clock that we are told
  Instant phase_ends_{};  // of backing_off, opening and awaiting_conn_ack
  bool stopping_ = false;
  bool had_connection_ = false;  // CONNACK came on the present link
  bool had_session_ = false;     // an earlier connection, of this run or the last, left a session
  bool sent_clean_start_ = true;
  Rule because_ = Rule::none;
  std::optional<Disconnect> by_peer_;

  // CONNECTs of ours that were given up without an answer, and of which one may still arrive: it
  // takes over whatever connection we have then.
  bool connect_is_unanswered_ = false;
  std::uint32_t ghosts_ = 0;
  Instant last_ghost_{};

  std::optional<ScramClient> scram_;  // an exchange that is under way
  bool scram_answered_ = false;       // the broker's proof comes next
  Rng nonces_;

  std::optional<PacketReader> reader_;
  TopicNumbers aliases_;
  Instant last_sent_{};
  Instant last_heard_{};
  std::optional<Instant> ping_since_;  // the first PINGREQ that has no answer

  Outbound outbound_;
  Inbound inbound_;
  std::deque<Request> requests_;
  std::optional<Instant> earliest_expiry_;  // of a waiting message; may be too early
  std::uint16_t last_packet_id_ = 0;

  std::uint64_t last_persist_ = 0;
  std::uint64_t durable_ = 0;
  struct Held {
    std::uint64_t sequence;
    Packet packet;
  };
  std::deque<Held> held_;

  std::size_t undrained_ = 0;
  std::vector<std::byte> wire_;  // encoded, not emitted yet
  std::deque<Output> outbox_;
};

}  // namespace mq::client
