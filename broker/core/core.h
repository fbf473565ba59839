// The state behind broker::Broker and the events that change it. The functions are defined by
// subject: connect.cc, publish.cc, deliver.cc, subscribe.cc, ending.cc, recovery.cc; what is heard
// and what is sent in broker.cc.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "broker/core/broker.h"
#include "broker/core/connection_gate.h"
#include "broker/core/fault.h"
#include "broker/core/frames.h"
#include "broker/core/legality.h"
#include "broker/core/link.h"
#include "broker/core/outbox.h"
#include "broker/core/retained.h"
#include "broker/core/session.h"
#include "broker/core/store_backlog.h"
#include "broker/core/subscriptions.h"
#include "broker/core/timers.h"

namespace mq::broker {

class Broker::Core {
 public:
  Core(Settings settings, Rng rng, const Recovered& recovered, Instant now);

  void handle(const Input& input, Instant now);
  std::optional<Output> poll() { return outbox_.poll(); }
  std::optional<Instant> deadline() const;
  std::vector<Memory> memory(LinkId link) const;
  Census census() const;

 private:
  // How a link lost its session.
  enum class End { orderly, abnormal, shutdown };
  // What became of one message.
  struct Reach {
    std::size_t matched = 0;
    std::size_t refused = 0;  // of the matched: the queue was full
  };
  // Whether a delivery counts against the number of messages in the queue. Retained messages for
  // a new subscription do not: they are bounded where they are stored.
  enum class Counted { yes, no };

  bool faulty([[maybe_unused]] Fault fault) const {
#ifdef MQ_TEST_FAULTS
    return settings_.fault == fault;
#else
    return false;
#endif
  }

  // broker.cc: what is heard
  void on(const LinkUp& up);
  void on(const BytesIn& in);
  void on(const LinkDown& down);
  void on(const Drained& drained);
  void on(const Tick&) {}
  void on(const Persisted& persisted);
  void on(const StoreTakes& store) {
    store_takes_records_ = store.records;
    serve_awaiting_store(Whom::everybody);
  }
  void on(const Shutdown&);
  Disconnect farewell(const Link& link) const;
  void read(Link& link);
  void on(const LimitsChanged& changed);
  void run_timers();
  void hear(Link& link, Packet& packet);
  Link* find(LinkId link) const;
  Session* find(std::string_view client_id) const;

  // broker.cc: what is sent
  void send(Link& link, HeldOrder order);
  void send(Link& link, Bytes bytes, std::uint64_t needs) {
    send(link, HeldOrder{.bytes = std::move(bytes), .needs = needs});
  }
  void answer(Link& link, const Packet& packet, std::uint64_t needs = 0,
              bool answers_publish = false);
  bool goes_at_once(Link& link, std::size_t bytes, std::uint64_t needs);
  void wait(Link& link, HeldOrder order);
  void emit(Link& link, HeldOrder& order);
  void emit(Link& link, Bytes bytes, Bytes payload) {
    traffic_.bytes_sent += bytes.size() + payload.size();
    outbox_.send(link.id, std::move(bytes));
    if (!payload.empty()) outbox_.send(link.id, std::move(payload));
  }
  void release_held(Link& link);
  std::uint64_t let_go(Link& link, const HeldOrder& order);
  void wake_when_durable(Link& link, std::uint64_t needs);
  void give_back(Session& session, std::uint64_t position);
  void take_back(Link& link);
  void close(Link& link, Rule because);
  void disconnect(Link& link, ReasonCode reason, Rule rule);
  void fault(Link& link, Rule rule);
  // Adds the reason in words to an answer that refuses, if the client wants to hear it and it
  // fits (v5 MQTT-3.1.2-29).
  template <class P>
  void explain(const Link& link, P& answer, ReasonCode reason) const {
    const std::string_view words = words_for(reason);
    if (!failed(reason) || words.empty() || !link.v5() || !link.problem_information) return;
    answer.properties.add(PropertyId::reason_string, std::string(words));
    if (!fits(link, encoded_bytes(Packet(answer), link.version))) answer.properties = {};
  }
  static std::string_view words_for(ReasonCode reason);
  bool fits(const Link& link, std::size_t packet_bytes) const {
    return link.packet_bytes_max == 0 || packet_bytes <= link.packet_bytes_max;
  }
  // Records that were emitted since `before`: what an answer to their cause has to wait for.
  std::uint64_t needs_since(std::uint64_t before) const {
    return outbox_.last_sequence() > before ? outbox_.last_sequence() : 0;
  }
  void dropped(const Session& session, ReasonCode reason);

  // connect.cc
  void on(Link& link, Connect& connect);
  std::optional<ReasonCode> refuses(const Link& link, const Connect& connect) const;
  void refuse(Link& link, ReasonCode reason, Rule rule);
  void enter(Link& link, Connect& connect, const std::string& user, Bytes proof = {});
  bool may_use(const Session& session, const std::string& user, const Origin& origin) const;
  void take_over(Session& session);
  Session& make_session(std::string client_id, const Origin* origin);
  std::string assigned_client_id();
  Session& session_for(Link& link, Connect& connect, const std::string& user);
  void empty(Session& session);  // a fault of some tests
  ConnAck conn_ack(const Connect& connect, const Session& session, bool assigned,
                   bool present) const;
  void store_will(Session& session, std::optional<Will>& will);
  std::uint16_t granted_keep_alive(const Connect& connect) const;
  // A payload may be said to be text (5.0, 3.3.2.3.2).
  static bool is_as_indicated(const Properties& properties, const Bytes& payload);
  bool within_limits(std::string_view topic) const;
  bool is_too_large(const Bytes& payload) const {
    return limits_.payload_bytes != 0 && payload.size() > limits_.payload_bytes;
  }
  static std::string mounted(const Link& link, const std::string& filter);
  // Whatever a client writes below $SYS would be taken for the broker's own word.
  static bool is_own_topic(std::string_view topic);

  // authenticate.cc
  void identify(Link& link, Connect& connect);
  void on(const Authenticated& told);
  void on(const AccessChanged& changed);
  void on(Link& link, const Auth& auth);
  void verify_next();
  void go_on(Link& link, const Authenticated& told);
  void authenticated_again(Link& link, const Authenticated& told);
  Auth auth_packet(const Link& link, ReasonCode reason, const Bytes& data) const;
  void stop_waiting(LinkId link) { std::erase(awaiting_verifier_, link); }

  // authorize.cc
  bool may_write(const Author& author, std::string_view topic) const;
  bool may_write(const Session& session, std::string_view topic) const;
  bool may_read(const Session& session, std::string_view topic) const;
  // Nothing that would be refused is granted, and what is granted in part is remembered.
  bool grants_subscription(Session& session, std::string_view filter) const;
  bool may_hand_on(const Letter& retained) const;
  void review(Session& session) const;

  // publish.cc
  void on(Link& link, Publish& publish);
  void on(Link& link, PubRel& release);
  std::optional<Rule> resolve_alias(Link& link, Publish& publish) const;
  void take(Link& link, Publish& publish);
  void accept(Link& link, Publish& publish);
  void on(const Announce& announce);
  LetterRef make_letter(Publish& publish, const Session& publisher);
  // Stores it as retained if it is to be, and hands it to all who get it.
  // When a publisher hears that a limit kept a message from subscribers.
  enum class Refusal { never, if_from_all, if_from_any };
  ReasonCode pass_on(const LetterRef& letter, const Session* publisher, Refusal refusal);
  bool may_retain(const Letter& letter) const;
  void retain(const LetterRef& letter);
  void forget_retained(const std::string& topic);
  Reach distribute(const LetterRef& letter, const Session* publisher);
  static Receiver receiver_of(const Subscription& subscription);
  Subscription* choose(ShareGroup& group, const Letter& letter);
  struct Inherited {
    std::uint32_t share;
    LetterRef letter;
  };
  static std::vector<Inherited> legacy(Session& session);
  void inherit(const std::vector<Inherited>& owed);
  bool limited(const ShareGroup& group, const Letter& letter) const;

  // holding.cc
  bool has_no_room(const Session& session, Qos qos, std::string_view topic,
                   std::size_t bytes) const;
  std::vector<Session*> blockers(const Session& publisher, const Publish& publish);
  void watch_backlog(Link& link, bool moved);
  void hold(Link& link, Publish& publish);
  void wait_for(Link& link, const std::vector<Session*>& full);
  void take_first(Link& link);
  void go_on(Link& link);
  void held_too_long(Link& link);
  void forget_hold(Link& link);
  void has_more_room(Session& session);
  void release_publishers(Session& session);
  void serve_publishers();

  // storing.cc
  enum class Whom : std::uint8_t { until_one_waits, everybody };
  std::uint64_t persist(Record record);
  bool must_wait_for_store(const Link& link, const Packet& packet) const;
  void put_aside(Link& link, Packet packet);
  void resume(Link& link);
  void serve_awaiting_store(Whom whom);

  // deliver.cc
  // At which QoS a message goes to who was granted this one.
  Qos outgoing_qos(Qos granted, Qos published, std::string_view topic) const {
    return settings_.upgrades_qos && !is_own_topic(topic) ? granted : std::min(granted, published);
  }
  // Whether such a message has its place in the session's queue, or is sent now or never.
  bool goes_through_queue(const Session& session, Qos qos, std::string_view topic) const;
  bool deliver(Session& session, const LetterRef& letter, const Receiver& how, bool retain,
               Counted counted);
  bool drop_expired(Session& session);
  bool queue_is_full(const Session& session, const Letter& letter, Counted counted) const;
  bool enqueue(Session& session, const LetterRef& letter, const Receiver& how, bool retain);
  bool deliver_now(Session& session, const LetterRef& letter, const Receiver& how, bool retain);
  void pump(Session& session);
  bool may_send_next(const Session& session) const;
  void start(Session& session, Delivery& delivery);
  bool send_next(Session& session);
  bool send_waiting_qos0(Session& session);
  std::optional<Frame> frame_for(Link& link, const Letter& letter, Shape shape, PacketId packet_id);
  void count_publish(const Letter& letter);
  struct Sending {  // of a PUBLISH, as in HeldOrder
    std::uint64_t needs = 0;
    std::uint64_t first_sending_of = 0;
    bool is_repetition = false;
  };
  void send_frame(Link& link, Frame frame, const Letter& letter, Sending how);
  void drop_delivery(Session& session, std::size_t index);
  void record(const Session& session, Delivery& delivery);
  MessageNumber number(const LetterRef& letter);
  static std::size_t in_flight(const Link& link, PacketId id);
  void on(Link& link, PubAck& ack);
  void on(Link& link, PubRec& received);
  void on(Link& link, PubComp& complete);

  // subscribe.cc
  void on(Link& link, Subscribe& subscribe);
  void on(Link& link, Unsubscribe& unsubscribe);
  void note(Note::What what, const Link& link, const std::string& filter, ReasonCode reason);
  struct Added {
    Subscription* subscription;  // nothing: refused
    ReasonCode reason;
    bool is_new;
  };
  Added add_subscription(Session& session, Subscribe::Entry& entry,
                         std::optional<std::uint32_t> identifier);
  void send_retained(Session& session, const Subscription& subscription);
  void remove_subscription(Session& session, std::string_view filter);

  // ending.cc
  void on(Link& link, Disconnect& disconnect);
  void detach(Link& link, End end);
  void lose_link(Session& session);
  void publish_will(Session& session);
  void drop_will(Session& session);
  void end_session(Session& session);
  void record_session(const Session& session);
  void arm(Link& link, std::optional<Instant> at);
  void arm(Session& session);
  void link_is_silent(Link& link);
  void session_is_due(Session& session);
  static std::chrono::seconds will_delay(const Will& will);
  LetterRef letter_of(Will& will, Author author);

  // recovery.cc
  struct Recovery;
  void recover(const Recovered& recovered);

  Settings settings_;
  const Limits& limits_ = settings_.limits;
  Rng rng_;
  Instant now_;

  Outbox outbox_;
  bool store_takes_records_ = true;
  std::uint64_t durable_ = 0;                                // as Persisted said last
  std::deque<std::pair<std::uint64_t, LinkId>> held_links_;  // sorted by what they wait for
  StoreBacklog unstored_;
  std::deque<LinkId> awaiting_store_;  // the first in line first

  std::unordered_set<LinkId> verifying_;  // a password each, and the answer is still to come
  std::deque<LinkId> awaiting_verifier_;  // the first in line first

  std::set<Origin> origins_;  // that anybody came by; few

  Timers timers_;
  QueueTotals totals_;
  std::uint64_t dropped_messages_ = 0;
  Traffic traffic_;
  std::size_t connected_ = 0;
  boost::unordered_flat_map<LinkId, std::unique_ptr<Link>> links_;
  // Keyed by the session's own client_id.
  std::unordered_map<std::string_view, std::unique_ptr<Session>> sessions_;
  std::unordered_map<std::uint64_t, Session*> numbered_;  // for timers
  std::uint64_t last_session_ = 0;
  std::uint64_t last_serial_ = 0;
  std::uint64_t last_message_ = 0;
  std::size_t held_messages_ = 0;
  std::vector<std::uint64_t> roomy_;  // sessions with room, and publishers who wait for it
  std::vector<LinkId> woken_;         // publishers whose subscriber is gone
  ConnectionGate gate_;
  Subscriptions subscriptions_;
  Retained retained_;
  Frames frames_;
};

}  // namespace mq::broker
