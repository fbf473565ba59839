// A link in the making: numbers from a profile, overridden one by one, each with where it comes
// from.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/language/drawn.h"
#include "scenarios/language/walk.h"
#include "scenarios/plan.h"
#include "sim/link/parts.h"

namespace mq::scenario {

// The numbers of a direction, in the order of the table of the language.
inline constexpr std::size_t direction_numbers = 10;
using DirectionSources = std::array<std::optional<Written>, direction_numbers>;

struct LinkDraft {
  LinkPlan plan;
  sim::link::Parts parts;
  DirectionSources up, down;
  std::optional<Written> tcp;
  std::vector<Source> blocks;  // of radio, handovers, nat, roaming, outages
};

// To go on from a profile.
LinkDraft draft_of(const LinkPlan& profile);

// What `fields`, a link or a profile, says about directions and parts replaces what the draft has.
void apply(const Fields& fields, std::string_view link_source, LinkDraft& draft, Reading& reading);

// Rate and delay have no default: a link without them would be a guess.
void require_rate_and_delay(const LinkDraft& draft, const Node& place, Problems& problems);

// Gives every number that nobody wrote its default, and lists where all come from.
LinkPlan finish(LinkDraft draft);

}  // namespace mq::scenario
