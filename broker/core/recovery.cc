// What a store gave back, made into sessions again.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "broker/core/core.h"

namespace mq::broker {

struct Broker::Core::Recovery {
  Core& core;
  std::unordered_map<std::uint64_t, LetterRef> letters;  // by message number
  struct Owed {
    Delivery delivery;
    std::string share;  // its group is known when all subscriptions are
  };
  std::map<std::uint64_t, std::vector<Owed>> owed;  // by session number
  // Wills of clients whose session ended with its link, when the broker did.
  std::vector<SaveWill> orphans;

  LetterRef letter(MessageNumber number) const {
    auto at = letters.find(static_cast<std::uint64_t>(number));
    return at == letters.end() ? nullptr : at->second;
  }

  void apply(const SaveMessage& r) {
    auto made = std::make_shared<Letter>();
    made->message = *r.message;
    made->arrived = Instant::min();
    made->serial = ++core.last_serial_;
    made->number = r.number;
    core.last_message_ = std::max(core.last_message_, static_cast<std::uint64_t>(r.number));
    letters[static_cast<std::uint64_t>(r.number)] = std::move(made);
  }

  void apply(const SaveSession& r) {
    const StoredUser owner = read_stored_user(r.user);
    const auto origin = core.origins_.insert({.realm = std::string(owner.realm),
                                              .rules = std::string(owner.rules),
                                              .has_rules = owner.has_rules});
    Session& session = core.make_session(r.client_id, &*origin.first);
    session.user = owner.user;
    session.version = r.version;
    session.expiry = r.expiry;
    session.recorded = core.settings_.keeps_records;
    // A wall clock that was set back must not give it more time than it had.
    session.disconnected_at = std::min(r.disconnected_at.value_or(core.now_), core.now_);
    if (!r.disconnected_at) core.record_session(session);
  }

  void apply(const SaveSubscription& r) {
    Session* session = core.find(r.client_id);
    if (session == nullptr || session->find_subscription(r.entry.filter) != nullptr) return;
    auto made = std::make_unique<Subscription>();
    made->session = session;
    made->session_number = session->number;
    made->entry = r.entry;
    made->identifier = r.identifier;
    Subscription& placed = *made;
    session->subscriptions.insert(session->place(r.entry.filter), std::move(made));
    core.subscriptions_.add(placed);
  }

  void apply(const SaveDelivery& r) {
    Session* session = core.find(r.client_id);
    const bool released = r.phase == Delivery::Phase::received;
    const LetterRef message = released ? nullptr : letter(r.message);
    if (session == nullptr || (!message && !released)) return;
    Delivery delivery{.letter = message,
                      .position = r.position,
                      .bytes = released ? 0 : message->bytes(),
                      .packet_id = r.packet_id,
                      .qos = r.qos,
                      .phase = r.phase,
                      .retain = r.retain,
                      .sent_before = r.phase != Delivery::Phase::queued};
    if (!r.subscription_identifiers.empty())
      delivery.identifiers = std::make_unique<Identifiers>(r.subscription_identifiers);
    owed[session->number].push_back({std::move(delivery), r.share});
  }

  void apply(const SaveIncoming& r) {
    if (Session* session = core.find(r.client_id)) session->incoming.restore(r.packet_id);
  }

  void apply(const SaveRetained& r) {
    if (core.faulty(Fault::loses_retained)) return;
    if (LetterRef message = letter(r.message)) core.retained_.set(message);
  }

  void apply(const SaveWill& r) {
    if (Session* session = core.find(r.client_id))
      session->will = std::make_unique<StoredWill>(StoredWill{r.will, r.due});
    else
      orphans.push_back(r);
  }

  // A store gives back what is left, so nothing is dropped here.
  template <class Dropped>
  void apply(const Dropped&) {}

  // For sessions that had a link, it is as if that had been lost now.
  void resume() {
    std::unordered_map<std::string_view, std::uint32_t> groups;
    for (const auto& [number, group] : core.subscriptions_.groups())
      groups.emplace(group->filter, number);
    for (auto& [number, deliveries] : owed) {
      std::sort(deliveries.begin(), deliveries.end(), [](const Owed& a, const Owed& b) {
        return a.delivery.position < b.delivery.position;
      });
      Session& session = *core.numbered_.at(number);
      for (auto& [delivery, share] : deliveries) {
        const auto group = groups.find(share);
        if (group != groups.end()) delivery.share = group->second;
        const bool begun = delivery.packet_id != PacketId::none;
        if (begun || !delivery.letter->expired(core.now_))
          session.outgoing.restore(std::move(delivery));
        else if (session.recorded)
          core.persist(DropDelivery{session.client_id, delivery.position});
      }
    }
    for (std::uint64_t number = 1; number <= core.last_session_; ++number) {
      Session& session = *core.numbered_.at(number);
      if (session.will && !session.will->due) {
        session.will->due = core.now_ + will_delay(session.will->will);
        if (core.settings_.keeps_records)
          core.persist(SaveWill{session.client_id, session.will->will, session.will->due,
                                author_of(session).user});
      }
      core.review(session);
      core.arm(session);
    }
    for (SaveWill& orphan : orphans) {
      if (core.settings_.keeps_records) core.persist(DropWill{orphan.client_id});
      if (!core.may_write({orphan.user, orphan.client_id}, orphan.will.topic)) continue;
      core.outbox_.note({.what = Note::What::will_published, .client_id = orphan.client_id});
      core.pass_on(core.letter_of(orphan.will, {orphan.user, orphan.client_id}), nullptr,
                   Refusal::never);
    }
  }
};

void Broker::Core::recover(const Recovered& recovered) {
  Recovery recovery{*this, {}, {}, {}};
  for (const Record& record : recovered.records)
    std::visit([&](const auto& r) { recovery.apply(r); }, record);
  recovery.resume();
}

}  // namespace mq::broker
