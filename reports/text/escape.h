// What a broker, a client or a scenario says is text, never markup: everything that a report shows
// goes through one of these functions. All take any bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mq::report {

// Well-formed UTF-8 in which everything invisible is spelled out: control characters, line breaks
// and the characters that turn the direction of writing become "\u202e" and the like, broken bytes
// become U+FFFD. Cut at `bytes_max` with a note of how long it was.
inline constexpr std::size_t shown_bytes_max = 512;
std::string visible(std::string_view text, std::size_t bytes_max = shown_bytes_max);

// Well-formed UTF-8: broken bytes become U+FFFD, everything else stays.
std::string well_formed(std::string_view text);

// visible(), for the text and the attribute values of HTML and XML.
std::string markup(std::string_view text);
// Well-formed JSON for a script element that is not executed: no `<`, `>`, `&`, U+2028, U+2029.
std::string json_island(std::string_view json);
// visible(), for a line or a table cell of GitHub's Markdown.
std::string markdown(std::string_view text);

}  // namespace mq::report
