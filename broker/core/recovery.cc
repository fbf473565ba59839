// What a store gave back, made into sessions again.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/overloaded.h"
#include "broker/core/core.h"

namespace mq::broker {

// A will without a session is of a client whose session ended with its link, when the broker did.
void Broker::Core::recover(const Recovered& recovered) {
  std::unordered_map<std::uint64_t, LetterRef> letters;
  std::map<std::uint64_t, std::vector<Delivery>> owed;  // by session number
  std::vector<std::pair<std::string, Will>> orphans;

  const auto letter = [&](MessageNumber number) -> LetterRef {
    auto at = letters.find(static_cast<std::uint64_t>(number));
    return at == letters.end() ? nullptr : at->second;
  };
  const auto apply = overloaded{
      [&](const SaveMessage& r) {
        auto made = std::make_shared<Letter>();
        made->message = *r.message;
        made->arrived = Instant::min();
        made->serial = ++last_serial_;
        made->number = r.number;
        last_message_ = std::max(last_message_, static_cast<std::uint64_t>(r.number));
        letters[static_cast<std::uint64_t>(r.number)] = std::move(made);
      },
      [&](const SaveSession& r) {
        Session& session = make_session(r.client_id);
        session.version = r.version;
        session.expiry = r.expiry;
        session.recorded = settings_.keeps_records;
        session.disconnected_at = now_;
      },
      [&](const SaveSubscription& r) {
        Session* session = find(r.client_id);
        if (session == nullptr || session->find_subscription(r.entry.filter) != nullptr) return;
        auto made = std::make_unique<Subscription>();
        made->session = session;
        made->session_number = session->number;
        made->entry = r.entry;
        made->identifier = r.identifier;
        Subscription& placed = *made;
        session->subscriptions.insert(session->place(r.entry.filter), std::move(made));
        subscriptions_.add(placed);
      },
      [&](const SaveDelivery& r) {
        Session* session = find(r.client_id);
        const LetterRef message = letter(r.message);
        const bool released = r.phase == Delivery::Phase::received;
        if (session == nullptr || (!message && !released)) return;
        Delivery delivery{.letter = released ? nullptr : message,
                          .position = r.position,
                          .bytes = released ? 0 : message->bytes(),
                          .packet_id = r.packet_id,
                          .qos = r.qos,
                          .phase = r.phase,
                          .retain = r.retain,
                          .sent_before = r.phase != Delivery::Phase::queued};
        if (!r.subscription_identifiers.empty())
          delivery.identifiers = std::make_unique<Identifiers>(r.subscription_identifiers);
        owed[session->number].push_back(std::move(delivery));
      },
      [&](const SaveIncoming& r) {
        if (Session* session = find(r.client_id)) session->incoming.restore(r.packet_id);
      },
      [&](const SaveRetained& r) {
        if (LetterRef message = letter(r.message)) retained_.set(message);
      },
      [&](const SaveWill& r) {
        if (Session* session = find(r.client_id))
          session->will = std::make_unique<StoredWill>(StoredWill{r.will, std::nullopt});
        else
          orphans.emplace_back(r.client_id, r.will);
      },
      [](const auto&) {},  // a store gives back what is left, so nothing is dropped here
  };
  for (const Record& record : recovered.records) std::visit(apply, record);

  for (auto& [session, deliveries] : owed) {
    std::sort(deliveries.begin(), deliveries.end(),
              [](const Delivery& a, const Delivery& b) { return a.position < b.position; });
    for (Delivery& delivery : deliveries)
      numbered_.at(session)->outgoing.restore(std::move(delivery));
  }
  for (std::uint64_t i = 1; i <= last_session_; ++i) {
    Session& session = *numbered_.at(i);
    if (session.will)
      session.will->due =
          now_ +
          std::chrono::seconds(
              session.will->will.properties.number(PropertyId::will_delay_interval).value_or(0));
    arm(session);
  }
  for (auto& [client_id, will] : orphans) {
    outbox_.note({.what = Note::What::will_published, .client_id = client_id});
    if (settings_.keeps_records) persist(DropWill{client_id});
    pass_on(letter_of(will, now_, ++last_serial_), nullptr, false);
  }
}

}  // namespace mq::broker
