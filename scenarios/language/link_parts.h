// The parts of a link that are mappings of their own: radio, handovers, nat, roaming, outages. One
// that is written replaces that of the profile as a whole.
#pragma once

#include <string_view>

#include "scenarios/language/link_draft.h"

namespace mq::scenario {

void apply_parts(const Fields& fields, std::string_view link_source, LinkDraft& draft,
                 Reading& reading);

// The network of stations, in place of a rate and a radio.
void apply_stations(const Fields& link, std::string_view link_source, LinkDraft& draft,
                    Reading& reading);

// The parts of an element, in place of those that the draft has of the same name.
void add_element(const LinkPlan& element, LinkDraft& draft);

// Whether a source is that of a number of such a part ("radio tail").
bool is_of_a_part(std::string_view of);

}  // namespace mq::scenario
