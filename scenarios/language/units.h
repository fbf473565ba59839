// Quantities as people write them. Every quantity has a unit; a bare 0 needs none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace mq::scenario {

// Regular expressions (of JSON Schema) for what the functions below take, 0 aside.
inline constexpr std::string_view duration_pattern =
    "^[0-9]+(\\.[0-9]+)? ?(us|ms|s|min|h|d|w)( [0-9]+(\\.[0-9]+)? ?(us|ms|s|min|h|d|w))*$";
inline constexpr std::string_view rate_pattern = "^[0-9]+(\\.[0-9]+)? ?[kMG]?(bit/s|b/s|bps)$";
inline constexpr std::string_view size_pattern = "^[0-9]+(\\.[0-9]+)? ?(B|kB|MB|KiB|MiB)$";
inline constexpr std::string_view power_pattern = "^[0-9]+(\\.[0-9]+)? ?(uW|mW|W)$";
inline constexpr std::string_view energy_pattern = "^[0-9]+(\\.[0-9]+)? ?(uJ|mJ|J|kJ|Wh)$";
inline constexpr std::string_view length_pattern = "^[0-9]+(\\.[0-9]+)? ?(m|km)$";
inline constexpr std::string_view speed_pattern = "^[0-9]+(\\.[0-9]+)? ?(m/s|km/h)$";
inline constexpr std::string_view percentage_pattern = "^[0-9]+(\\.[0-9]+)? ?%$";
// Of links and groups.
inline constexpr std::string_view name_pattern = "^[A-Za-z][A-Za-z0-9_-]{0,39}$";
// Of profiles: `5g-nsa`.
inline constexpr std::string_view profile_name_pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$";

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "500ms", "1.5 h", "1h 30min". A day has 24 hours, a week 7 days.
std::optional<Duration> parse_duration(std::string_view text);
// "20 kbit/s", "20kb/s", "1.5 Mbps", in bits per second. k, M, G are powers of 1000; b is a bit.
std::optional<double> parse_rate(std::string_view text);
// "64B", "4kB" (4,000), "4KiB" (4,096): a whole number of bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
// "2%" is 0.02.
std::optional<double> parse_percentage(std::string_view text);
// "220 mW", in milliwatts; "5 J", in microjoules.
std::optional<double> parse_power(std::string_view text);
std::optional<double> parse_energy(std::string_view text);
// "500 m", in metres; "100 km/h", in metres per second.
std::optional<double> parse_length(std::string_view text);
std::optional<double> parse_speed(std::string_view text);
// "12": digits only.
std::optional<std::uint64_t> parse_whole(std::string_view text);
// "99.9": digits with a decimal point or without.
std::optional<double> parse_decimal(std::string_view text);

// As short as it is exact: "1h 30min".
std::string to_text(Duration duration);

}  // namespace mq::scenario
