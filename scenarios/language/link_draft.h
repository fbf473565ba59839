// A link in the making: numbers from a profile, overridden one by one, each with where it comes
// from.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "scenarios/language/walk.h"
#include "scenarios/plan.h"

namespace mq::scenario {

struct Written {
  std::string value;  // as in the file
  std::string source;
  bool operator==(const Written&) const = default;
};

// The numbers of a direction, in this order: rate, delay, jitter, loss, queue.
inline constexpr std::size_t direction_numbers = 5;
using DirectionSources = std::array<std::optional<Written>, direction_numbers>;

struct LinkDraft {
  LinkPlan plan;
  DirectionSources up, down;
  std::optional<Written> tcp, between, length;
};

// To go on from a profile.
LinkDraft draft_of(const LinkPlan& profile);

// As the file has it, with the source beside it, or that of the whole link.
Written written(const Node& node, std::string_view link_source);

// What `fields`, a link or a profile, says about directions and outages replaces what the draft
// has.
void apply(const Fields& fields, std::string_view link_source, LinkDraft& draft);

// Rate and delay have no default: a link without them would be a guess.
void require_rate_and_delay(const LinkDraft& draft, const Node& place, Problems& problems);

// Gives every number that nobody wrote its default, and lists where all come from.
LinkPlan finish(LinkDraft draft);

}  // namespace mq::scenario
