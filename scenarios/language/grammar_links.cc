// Links and profiles.
#include <array>

#include "scenarios/language/grammar.h"
#include "scenarios/language/grammar_scalars.h"

namespace mq::scenario {
namespace {

constexpr std::array unlimited = {Choice{"unlimited", "no limit"}};
constexpr Shape rate_value{
    .is = Is::rate, .choices = unlimited, .min = "1 bit/s", .max = "1000 Gbit/s"};
constexpr Shape delay_value{.is = Is::duration, .min = "0", .max = "1h"};
constexpr Shape loss_value{.is = Is::percentage, .min = "0%", .max = "100%"};
constexpr Shape queue_value{.is = Is::whole, .min = "1", .max = "1000000"};
constexpr Shape rate{.is = Is::sourced, .item = &rate_value};
constexpr Shape delay{.is = Is::sourced, .item = &delay_value};
constexpr Shape loss{.is = Is::sourced, .item = &loss_value};
constexpr Shape queue{.is = Is::sourced, .item = &queue_value};
constexpr Shape outage{.is = Is::sourced, .item = &span_of_time};

constexpr std::array tcp_presets = {
    Choice{"linux", "both ends behave as Linux does: CUBIC, SACK, MinRTO 200 ms"},
    Choice{"lwip", "both ends behave as the small stack of microcontrollers"},
    Choice{"ns3-default", "what ns-3 does when nothing is set"},
};
constexpr Shape tcp_preset{.is = Is::choice, .choices = tcp_presets};

constexpr Key rate_key{.name = "rate",
                       .shape = &rate,
                       .description = "Bits per second: `20 kbit/s` (= `20 kb/s` = `20 kbps`)."};
constexpr Key delay_key{
    .name = "delay", .shape = &delay, .description = "One way, per packet: half of the base RTT."};
constexpr Key jitter_key{
    .name = "jitter",
    .shape = &delay,
    .fallback = "0ms",
    .description = "Further delay, uniform between 0 and this; packets stay in order."};
constexpr Key loss_key{.name = "loss",
                       .shape = &loss,
                       .fallback = "0%",
                       .description = "The probability that a packet is lost, each by itself."};
constexpr Key queue_key{
    .name = "queue",
    .shape = &queue,
    .fallback = "100",
    .description = "How many packets wait for the transmitter; further ones are dropped."};

constexpr std::array direction_keys = {rate_key, delay_key, jitter_key, loss_key, queue_key};

constexpr std::array outages_keys = {
    Key{.name = "between",
        .shape = &outage,
        .is_required = true,
        .description = "Mean time (exponential) from the end of one to the beginning of the next."},
    Key{.name = "length",
        .shape = &outage,
        .is_required = true,
        .description = "Mean length (exponential) of one."},
};

constexpr std::array no_outages = {Choice{"none", "those of the profile are left away"}};

constexpr Key up_key{.name = "up",
                     .shape = &direction_shape,
                     .description = "From the device to the broker; wins over the keys beside it."};
constexpr Key down_key{
    .name = "down",
    .shape = &direction_shape,
    .description = "From the broker to the device; wins over the keys beside it."};
constexpr Key tcp_key{.name = "tcp",
                      .shape = &tcp_preset,
                      .fallback = "linux",
                      .description = "How TCP behaves at both ends."};
constexpr Key outages_key{
    .name = "outages",
    .shape = &outages_shape,
    .description =
        "Random times in which nothing passes; each device draws its own, until the "
        "calm."};
constexpr Key link_source_key{
    .name = "source",
    .shape = &line_of_text,
    .description = "Where the numbers come from that have no source of their own."};

constexpr std::array link_keys = {
    Key{.name = "profile",
        .shape = &a_name,
        .description = "A built-in set of numbers (`mqttlab list profiles`); the keys beside it "
                       "override single ones."},
    rate_key,
    delay_key,
    jitter_key,
    loss_key,
    queue_key,
    up_key,
    down_key,
    tcp_key,
    outages_key,
    link_source_key,
};
constexpr std::array profile_file_keys = {
    Key{.name = "name", .shape = &a_name, .is_required = true, .description = "As links name it."},
    Key{.name = "description",
        .shape = &long_text,
        .is_required = true,
        .description = "What network it stands for."},
    rate_key,
    delay_key,
    jitter_key,
    loss_key,
    queue_key,
    up_key,
    down_key,
    outages_key,
};

}  // namespace

const Shape direction_shape{.is = Is::map, .title = "a direction", .keys = direction_keys};
const Shape outages_shape{
    .is = Is::map, .title = "outages", .keys = outages_keys, .choices = no_outages};
const Shape link_shape{.is = Is::map, .title = "a link", .keys = link_keys};
const Shape profile_file_shape{.is = Is::map, .title = "a profile", .keys = profile_file_keys};

std::array<Key, 2> sourced_keys(const Shape& item) {
  return {Key{.name = "value",
              .shape = &item,
              .is_required = true,
              .description = "The number with its unit."},
          Key{.name = "source",
              .shape = &line_of_text,
              .is_required = true,
              .description = "Where it comes from: a reference, or `assumption`."}};
}

}  // namespace mq::scenario
