#include "conformance/runner/endurance.h"

#include <algorithm>

#include "conformance/runner/restraint.h"
#include "scenarios/language/units.h"

namespace mq::conformance {
namespace {

constexpr Duration for_ever = std::chrono::hours(24 * 36500);
constexpr std::uint32_t never_expires = 0xffffffff;

Duration expiry_in(std::uint32_t seconds) {
  return seconds == never_expires ? for_ever : std::chrono::seconds(seconds);
}

Duration wanted_by(const Connect& connect) {
  if (connect.version != Version::v5) return connect.clean_start ? Duration{} : for_ever;
  return expiry_in(connect.properties.number(PropertyId::session_expiry_interval).value_or(0));
}

}  // namespace

Endurance::Endurance(const Case& one, const Abilities& abilities) {
  const auto beat = abilities.server_keep_alive;
  if (beat && *beat > 0 && !is_about(one, "server_keep_alive"))
    silence_ = std::chrono::seconds(*beat);
  if (abilities.session_expiry && !is_about(one, "session_expiry_interval"))
    absence_ = expiry_in(*abilities.session_expiry);
}

void Endurance::sent(LinkNumber link, const Packet& packet, KeepAlive keep_alive, Instant now) {
  sent_something(link, now);
  Spoken& spoken = links_[link];
  if (const auto* connect = std::get_if<Connect>(&packet)) {
    const std::chrono::seconds ours(connect->keep_alive);
    spoken.client_id = connect->client_id;
    spoken.keeps_to_ours =
        keep_alive == KeepAlive::of_the_script && ours.count() > 0 && silence_ && ours <= *silence_;
    spoken.has_connected = true;
    if (!connect->client_id.empty())
      stays_[connect->client_id] = {wanted_by(*connect), link, std::nullopt};
  }
  const auto* goodbye = std::get_if<Disconnect>(&packet);
  const auto stay = stays_.find(spoken.client_id);
  if (goodbye == nullptr || stay == stays_.end()) return;
  if (const auto expiry = goodbye->properties.number(PropertyId::session_expiry_interval))
    stay->second.wanted = std::max(stay->second.wanted, expiry_in(*expiry));
  left(link, now);
}

void Endurance::sent_something(LinkNumber link, Instant now) { links_[link].last = now; }

void Endurance::ended(LinkNumber link, Instant now) { left(link, now); }

void Endurance::vanished(LinkNumber link, Instant now) {
  links_[link].has_vanished = true;
  left(link, now);
}

void Endurance::left(LinkNumber link, Instant now) {
  const auto stay = stays_.find(links_[link].client_id);
  if (stay != stays_.end() && stay->second.by == link && !stay->second.left)
    stay->second.left = now;
}

std::string Endurance::against(const Connect& connect, Instant now) const {
  if (connect.clean_start) return {};
  const auto stay = stays_.find(connect.client_id);
  return stay == stays_.end() ? "" : absence(stay->second, now);
}

std::string Endurance::after_end(LinkNumber link, Instant now) const {
  const auto spoken = links_.find(link);
  return spoken == links_.end() ? "" : silence(spoken->second, now);
}

std::string Endurance::after_failure(Instant now) const {
  for (const auto& [link, spoken] : links_)
    if (spoken.has_vanished)
      if (std::string why = silence(spoken, now); !why.empty()) return why;
  for (const auto& [client_id, stay] : stays_)
    if (std::string why = absence(stay, now); !why.empty()) return why;
  return {};
}

std::string Endurance::silence(const Spoken& spoken, Instant now) const {
  if (!silence_ || !spoken.has_connected || spoken.keeps_to_ours || now - spoken.last < *silence_)
    return {};
  return "it is silent for " + scenario::to_text(now - spoken.last) +
         ", and the target's Server Keep Alive is " + scenario::to_text(*silence_);
}

// A session that is not kept at all is none that a takeover finds either.
std::string Endurance::absence(const Stay& stay, Instant now) const {
  if (!absence_ || stay.wanted <= *absence_) return {};
  const Duration away = stay.left ? now - *stay.left : Duration{};
  if (away < *absence_) return {};
  return "it needs a session that is kept, and the target keeps sessions for " +
         scenario::to_text(*absence_) + " at most";
}

}  // namespace mq::conformance
