// Links and profiles.
#include <array>

#include "scenarios/language/grammar.h"
#include "scenarios/language/grammar_scalars.h"

namespace mq::scenario {
namespace {

// ---- Quantities ---------------------------------------------------------------------------------

constexpr std::array unlimited = {Choice{"unlimited", "no limit"}};
constexpr Shape rate_value{
    .is = Is::rate, .choices = unlimited, .min = "1 bit/s", .max = "1000 Gbit/s"};
constexpr Shape any_rate{.is = Is::rate, .min = "0 bit/s", .max = "1000 Gbit/s"};
constexpr Shape delay_value{.is = Is::duration, .min = "0", .max = "1h"};
constexpr Shape share_value{.is = Is::percentage, .min = "0%", .max = "100%"};
constexpr Shape way_out_value{.is = Is::percentage, .min = "0.001%", .max = "100%"};
constexpr Shape queue_value{.is = Is::whole, .min = "1", .max = "1000000"};
constexpr Shape queue_size{.is = Is::size, .min = "1500B", .max = "1000MiB"};
constexpr Shape queue_wait{.is = Is::duration, .min = "1ms", .max = "1h"};
constexpr Shape any_time{.is = Is::duration, .min = "0", .max = "366d"};
constexpr Shape correlation{.is = Is::decimal, .min = "0", .max = "0.999"};
constexpr Shape interval{.is = Is::duration, .min = "1ms", .max = "1h"};

constexpr Shape delay{.is = Is::sourced, .item = &delay_value};
constexpr Shape share{.is = Is::sourced, .item = &share_value};
constexpr Shape way_out{.is = Is::sourced, .item = &way_out_value};
constexpr Shape queue{.is = Is::sourced, .item = &queue_value};
constexpr Shape size{.is = Is::sourced, .item = &queue_size};
constexpr Shape wait{.is = Is::sourced, .item = &queue_wait};
constexpr Shape power_value{.is = Is::power, .min = "0 mW", .max = "1000 W"};
constexpr Shape power{.is = Is::sourced, .item = &power_value};
constexpr Shape span{.is = Is::sourced, .item = &span_of_time};

constexpr std::array none = {Choice{"none", "that of the profile is left away"}};

constexpr Key source_of_value{.name = "source",
                              .shape = &line_of_text,
                              .is_required = true,
                              .description = "Where it comes from: a reference, or `assumption`."};

// ---- Distributions ------------------------------------------------------------------------------

template <const Shape& item>
struct Drawn {
  static constexpr Shape pair{.is = Is::list, .item = &item, .entries_min = 2, .entries_max = 2};
  static constexpr std::array quantile_keys = {
      Key{.name = "p0", .shape = &item, .description = "The smallest."},
      Key{.name = "p1", .shape = &item, .description = "1 % are below."},
      Key{.name = "p5", .shape = &item, .description = "5 % are below."},
      Key{.name = "p10", .shape = &item, .description = "10 % are below."},
      Key{.name = "p25", .shape = &item, .description = "25 % are below."},
      Key{.name = "p50", .shape = &item, .description = "The median."},
      Key{.name = "p75", .shape = &item, .description = "75 % are below."},
      Key{.name = "p90", .shape = &item, .description = "90 % are below."},
      Key{.name = "p95", .shape = &item, .description = "95 % are below."},
      Key{.name = "p99", .shape = &item, .description = "99 % are below."},
      Key{.name = "p100", .shape = &item, .description = "The largest."},
  };
  static constexpr Shape quantiles{.is = Is::map, .title = "quantiles", .keys = quantile_keys};

  static constexpr Key uniform{
      .name = "uniform",
      .shape = &pair,
      .description = "`[from, to]`: anything between, all the same likely."};
  static constexpr Key exponential{
      .name = "exponential", .shape = &item, .description = "The mean."};
  static constexpr Key normal{
      .name = "normal", .shape = &pair, .description = "`[mean, deviation]`; cut off below zero."};
  static constexpr Key quantile_table{
      .name = "quantiles",
      .shape = &quantiles,
      .description =
          "`{ p5: ..., p50: ..., p95: ... }`, two or more of `p0`, `p1`, `p5`, `p10`, "
          "`p25`, `p50`, `p75`, `p90`, `p95`, `p99`, `p100`: straight lines between, "
          "and nothing beyond the outermost."};
};

constexpr Key value_of(const Shape& item) {
  return {.name = "value", .shape = &item, .description = "The number with its unit."};
}

constexpr std::array starts = {Choice{"beginning", "every device replays it from its beginning"},
                               Choice{"anywhere", "each device begins at a place of its own"}};
constexpr Shape start{.is = Is::choice, .choices = starts};

constexpr std::array rate_keys = {
    value_of(rate_value),
    Drawn<any_rate>::uniform,
    Drawn<any_rate>::exponential,
    Drawn<any_rate>::normal,
    Drawn<any_rate>::quantile_table,
    Key{.name = "poisson",
        .shape = &rate_value,
        .description = "The mean; packets of 1,500 bytes leave at exponential intervals."},
    Key{.name = "trace",
        .shape = &line_of_text,
        .description = "A file to replay, beside the scenario: milliseconds, one a line, at which "
                       "1,500 bytes pass (mahimahi), or `seconds,Mbit/s`. It begins anew when "
                       "it is over."},
    Key{.name = "every",
        .shape = &interval,
        .description = "With a distribution: how long a rate lasts until the next one is drawn "
                       "(1s)."},
    Key{.name = "correlation",
        .shape = &correlation,
        .description = "With a distribution: of one rate with the next (0)."},
    Key{.name = "start",
        .shape = &start,
        .description = "With `trace`: where a device begins in it (`beginning`)."},
    source_of_value,
};
constexpr std::array delay_keys = {
    value_of(delay_value),
    Drawn<delay_value>::uniform,
    Drawn<delay_value>::exponential,
    Drawn<delay_value>::normal,
    Drawn<delay_value>::quantile_table,
    Key{.name = "correlation",
        .shape = &correlation,
        .description =
            "With a distribution, and only of `delay`: of one packet with the next (0)."},
    source_of_value,
};
constexpr std::array time_keys = {
    value_of(any_time),      Drawn<any_time>::uniform,        Drawn<any_time>::exponential,
    Drawn<any_time>::normal, Drawn<any_time>::quantile_table, source_of_value,
};

// ---- Directions ---------------------------------------------------------------------------------

constexpr std::array drops = {
    Choice{"tail", "what finds the queue full is dropped"},
    Choice{"codel", "packets that wait too long for too long are dropped before it is full"}};
constexpr Shape drop{.is = Is::choice, .choices = drops};

constexpr Key block_source{
    .name = "source",
    .shape = &line_of_text,
    .description =
        "Where those numbers of this mapping come from that have no source of their "
        "own."};

constexpr std::array bursts_keys = {
    Key{.name = "to_bad",
        .shape = &share,
        .is_required = true,
        .description = "The probability, before each step, to go from good to bad (p)."},
    Key{.name = "to_good",
        .shape = &way_out,
        .is_required = true,
        .description = "The probability, before each step, to go from bad to good (r)."},
    Key{.name = "loss_bad",
        .shape = &share,
        .fallback = "100%",
        .description = "The probability that a packet is lost when things are bad."},
    Key{.name = "loss_good",
        .shape = &share,
        .fallback = "0%",
        .description = "The probability that a packet is lost when things are good."},
    Key{.name = "every",
        .shape = &span,
        .description = "How long a step is; without it there is one before each packet."},
    Key{.name = "shared",
        .shape = &yes_no,
        .fallback = "false",
        .description = "Whether all devices behind the link are in the same state: they share a "
                       "backhaul, or a beam."},
    block_source,
};

constexpr std::array direction_keys = {
    Key{.name = "rate",
        .shape = &rate_shape,
        .description = "Bits per second: `20 kbit/s` (= `20 kb/s` = `20 kbps`)."},
    Key{.name = "delay",
        .shape = &delay_shape,
        .description = "One way, per packet: half of the base RTT."},
    Key{.name = "jitter",
        .shape = &delay,
        .fallback = "0ms",
        .description = "Further delay, uniform between 0 and this."},
    Key{.name = "loss",
        .shape = &share,
        .fallback = "0%",
        .description = "The probability that a packet is lost, each by itself."},
    Key{.name = "queue",
        .shape = &queue,
        .fallback = "100",
        .description = "How many packets wait for the transmitter; further ones are dropped."},
    Key{.name = "queue_bytes",
        .shape = &size,
        .description = "How many bytes wait at most; the limit in packets holds, too."},
    Key{.name = "queue_time",
        .shape = &wait,
        .description = "How long a packet waits at most; the other limits hold, too."},
    Key{.name = "drop",
        .shape = &drop,
        .description = "What the queue drops (`tail`); `codel` is RFC 8289 with its defaults."},
    Key{.name = "reorder",
        .shape = &yes_no,
        .description = "Whether a packet may overtake one that is delayed more (`false`)."},
    Key{.name = "bursts",
        .shape = &bursts_shape,
        .description = "Loss in bursts (Gilbert and Elliott), beside `loss`."},
};

// ---- Parts of a link ----------------------------------------------------------------------------

constexpr std::array missed_words = {
    Choice{"kept", "the network keeps it until the device can be reached"},
    Choice{"lost", "it is lost, and TCP sends it again"}};
constexpr Shape missed{.is = Is::choice, .choices = missed_words};

constexpr std::array sleep_keys = {
    Key{.name = "awake",
        .shape = &span,
        .is_required = true,
        .description = "How long an idle device can be reached: T3324 of PSM, the paging window of "
                       "eDRX."},
    Key{.name = "every",
        .shape = &span,
        .is_required = true,
        .description = "From one such time to the next: T3412 of PSM, the cycle of eDRX."},
    Key{.name = "missed",
        .shape = &missed,
        .fallback = "kept",
        .description = "What becomes of what comes down meanwhile."},
    block_source,
};
constexpr std::array radio_keys = {
    Key{.name = "promotion",
        .shape = &time_shape,
        .fallback = "0",
        .description = "From idle to connected."},
    Key{.name = "paging",
        .shape = &time_shape,
        .fallback = "0",
        .description = "Before that, for what comes down to an idle device."},
    Key{.name = "tail",
        .shape = &span,
        .is_required = true,
        .description = "Without traffic, until the radio is idle."},
    Key{.name = "drx_after",
        .shape = &span,
        .description = "With `drx`: after so much silence, what comes down to a connected device "
                       "waits."},
    Key{.name = "drx", .shape = &time_shape, .description = "With `drx_after`: how long it waits."},
    Key{.name = "sleep",
        .shape = &sleep_shape,
        .description =
            "PSM or eDRX: times in which an idle device cannot be reached. When it sends "
            "something it is awake."},
    block_source,
};
constexpr std::array handovers_keys = {
    Key{.name = "between",
        .shape = &time_shape,
        .is_required = true,
        .description = "From the end of one to the beginning of the next; a bare duration is the "
                       "mean (exponential)."},
    Key{.name = "gap",
        .shape = &time_shape,
        .is_required = true,
        .description = "How long nothing is sent; packets wait."},
    Key{.name = "failures",
        .shape = &share,
        .fallback = "0%",
        .description = "How many of them end in a radio link failure instead; packets are lost."},
    Key{.name = "failure_length",
        .shape = &time_shape,
        .description = "With `failures`: how long such a failure lasts."},
    block_source,
};
constexpr std::array thens = {
    Choice{"silent", "its packets vanish, in both directions"},
    Choice{"reset", "who sends gets RST"},
    Choice{"rebind",
           "what the device sends comes from another port, where the broker answers RST; "
           "what the broker sends vanishes"}};
constexpr Shape then{.is = Is::choice, .choices = thens};
constexpr std::array nat_keys = {
    Key{.name = "idle_timeout",
        .shape = &span,
        .is_required = true,
        .description = "After so much silence the carrier has forgotten a connection."},
    Key{.name = "then",
        .shape = &then,
        .fallback = "silent",
        .description = "What becomes of the connection then."},
    block_source,
};
constexpr std::array roaming_keys = {
    Key{.name = "between",
        .shape = &time_shape,
        .is_required = true,
        .description = "From the end of one to the beginning of the next; a bare duration is the "
                       "mean (exponential)."},
    Key{.name = "length",
        .shape = &time_shape,
        .is_required = true,
        .description = "How long the device has no network; then it has another address, and what "
                       "was open is cut off. A bare duration is the mean (exponential)."},
    block_source,
};

constexpr std::array power_keys = {
    Key{.name = "send",
        .shape = &power,
        .is_required = true,
        .description = "While a packet of the device is on the air."},
    Key{.name = "receive",
        .shape = &power,
        .is_required = true,
        .description = "While a packet for the device is on the air."},
    Key{.name = "connected",
        .shape = &power,
        .is_required = true,
        .description = "Else, while the radio is connected to its network (see `radio`)."},
    Key{.name = "idle", .shape = &power, .is_required = true, .description = "Else."},
    block_source,
};

constexpr std::array directions_words = {
    Choice{"both", "nothing passes"},
    Choice{"up", "nothing passes from the device to the broker"},
    Choice{"down", "nothing passes from the broker to the device"},
};
constexpr Shape directions{.is = Is::choice, .choices = directions_words};
constexpr Shape timetable{.is = Is::list, .item = &window_shape, .entries_max = 10'000};
constexpr std::array window_keys = {
    Key{.name = "at", .shape = &moment, .is_required = true, .description = "When it begins."},
    Key{.name = "for", .shape = &span_of_time, .is_required = true, .description = "How long."},
};
constexpr std::array outages_keys = {
    Key{.name = "between",
        .shape = &time_shape,
        .description = "From the end of one to the beginning of the next; a bare duration is the "
                       "mean (exponential). With `length`."},
    Key{.name = "length",
        .shape = &time_shape,
        .description = "How long one is; a bare duration is the mean (exponential)."},
    Key{.name = "timetable",
        .shape = &timetable,
        .description = "Instead: when each is, counted from the start of the run."},
    Key{.name = "period",
        .shape = &span,
        .description = "With `timetable`: again in every period."},
    Key{.name = "trace",
        .shape = &line_of_text,
        .description = "Instead: where this trace (see `rate`) has gaps."},
    Key{.name = "longer_than",
        .shape = &span,
        .description = "With `trace`: gaps that are longer than this (500ms)."},
    Key{.name = "directions",
        .shape = &directions,
        .fallback = "both",
        .description = "Which directions carry nothing."},
    block_source,
};

// ---- Networks of stations ----------------------------------------------------------------------

constexpr Shape stations_count{.is = Is::whole, .min = "2", .max = "8"};
constexpr Shape cell_spacing{.is = Is::length, .min = "300 m", .max = "2 km"};
constexpr Shape vehicle_speed{.is = Is::speed, .min = "0 km/h", .max = "300 km/h"};
constexpr std::array lte_keys = {
    Key{.name = "cells",
        .shape = &stations_count,
        .fallback = "3",
        .description = "How many cells stand along the road."},
    Key{.name = "spacing",
        .shape = &cell_spacing,
        .fallback = "1 km",
        .description = "From one mast to the next. Beyond 1.5 km the radio link fails between "
                       "them."},
    Key{.name = "speed",
        .shape = &vehicle_speed,
        .is_required = true,
        .description = "How fast each device drives along them, there and back; it begins "
                       "somewhere on its way, drawn by chance."},
};
constexpr Shape access_point_spacing{.is = Is::length, .min = "10 m", .max = "100 m"};
constexpr Shape walking_speed{.is = Is::speed, .min = "0 km/h", .max = "100 km/h"};
constexpr std::array wifi_keys = {
    Key{.name = "access_points",
        .shape = &stations_count,
        .fallback = "3",
        .description = "How many access points hang along the hall; all have one name and one "
                       "channel."},
    Key{.name = "spacing",
        .shape = &access_point_spacing,
        .fallback = "50 m",
        .description = "From one to the next. One reaches 50 m, its beacons 70."},
    Key{.name = "speed",
        .shape = &walking_speed,
        .is_required = true,
        .description = "How fast each device moves along them, there and back; it begins "
                       "somewhere on its way, drawn by chance."},
};

// ---- Links and profiles -------------------------------------------------------------------------

constexpr std::array tcp_presets = {
    Choice{"linux", "both ends behave as Linux does: CUBIC, SACK, MinRTO 200 ms"},
    Choice{"lwip", "both ends behave as the small stack of microcontrollers"},
    Choice{"ns3-default", "what ns-3 does when nothing is set"},
};
constexpr Shape tcp_preset{.is = Is::choice, .choices = tcp_presets};

constexpr std::array part_keys = {
    Key{.name = "up",
        .shape = &direction_shape,
        .description = "From the device to the broker; wins over the keys beside it."},
    Key{.name = "down",
        .shape = &direction_shape,
        .description = "From the broker to the device; wins over the keys beside it."},
    Key{.name = "radio",
        .shape = &radio_shape,
        .description = "The states of the device's radio, and what it costs to wake it."},
    Key{.name = "handovers",
        .shape = &handovers_shape,
        .description = "Gaps of a device that moves; also in the calm."},
    Key{.name = "nat",
        .shape = &nat_shape,
        .description = "The carrier's address translator; also in the calm."},
    Key{.name = "roaming",
        .shape = &roaming_shape,
        .description = "From time to time the device gets another address, until the calm."},
    Key{.name = "power",
        .shape = &power_shape,
        .description = "What the device's radio draws: the energy in the results comes from it."},
    Key{.name = "outages",
        .shape = &outages_shape,
        .description = "Times in which nothing passes; each device has its own, until the calm."},
};

constexpr Shape elements{.is = Is::one_or_list, .item = &profile_name, .entries_max = 10};

template <std::size_t... Sizes>
constexpr auto joined(const std::array<Key, Sizes>&... some) {
  std::array<Key, (Sizes + ...)> all{};
  std::size_t at = 0;
  const auto add = [&](const auto& keys) {
    for (const Key& key : keys) all[at++] = key;
  };
  (add(some), ...);
  return all;
}

constexpr auto link_keys = joined(
    std::array{Key{.name = "profile",
                   .shape = &profile_name,
                   .description = "A built-in set of numbers (`mqttlab list profiles`); the keys "
                                  "beside it override single ones, and whole mappings such as "
                                  "`radio`."},
               Key{.name = "with",
                   .shape = &elements,
                   .description = "Built-in elements that are added: `[rrc-3g, nat-3min]`. They "
                                  "replace what the profile says of the same part."}},
    direction_keys, part_keys,
    std::array{
        Key{.name = "lte",
            .shape = &lte_shape,
            .description = "Instead of `rate` and `radio`: ns-3's own model of an LTE network, "
                           "frame by frame, with handovers over X2; `delay` is that of the way "
                           "behind it (0). Only in the world `ns3`, for at most 16 devices."},
        Key{.name = "wifi",
            .shape = &wifi_shape,
            .description = "The same for a Wi-Fi (802.11n at 2.4 GHz): a device keeps to its "
                           "access point until it has missed ten beacons of it, then roams to "
                           "another."},
        Key{.name = "tcp",
            .shape = &tcp_preset,
            .fallback = "linux",
            .description = "How TCP behaves at both ends."},
        Key{.name = "source",
            .shape = &line_of_text,
            .description = "Where the numbers come from that have no source of their own."}});
constexpr auto profile_file_keys =
    joined(std::array{Key{.name = "name",
                          .shape = &profile_name,
                          .is_required = true,
                          .description = "As links name it."},
                      Key{.name = "description",
                          .shape = &long_text,
                          .is_required = true,
                          .description = "What network it stands for."}},
           direction_keys, part_keys);

}  // namespace

const Shape rate_shape{.is = Is::drawn, .keys = rate_keys, .one_of_first = 7, .item = &rate_value};
const Shape delay_shape{
    .is = Is::drawn, .keys = delay_keys, .one_of_first = 5, .item = &delay_value};
const Shape time_shape{.is = Is::drawn, .keys = time_keys, .one_of_first = 5, .item = &any_time};
const Shape bursts_shape{.is = Is::map, .title = "bursts", .keys = bursts_keys, .choices = none};
const Shape direction_shape{.is = Is::map, .title = "a direction", .keys = direction_keys};
const Shape sleep_shape{.is = Is::map, .title = "sleep", .keys = sleep_keys};
const Shape radio_shape{.is = Is::map, .title = "radio", .keys = radio_keys, .choices = none};
const Shape handovers_shape{
    .is = Is::map, .title = "handovers", .keys = handovers_keys, .choices = none};
const Shape power_shape{.is = Is::map, .title = "power", .keys = power_keys, .choices = none};
const Shape nat_shape{.is = Is::map, .title = "nat", .keys = nat_keys, .choices = none};
const Shape roaming_shape{.is = Is::map, .title = "roaming", .keys = roaming_keys, .choices = none};
const Shape window_shape{.is = Is::map, .title = "an outage", .keys = window_keys};
const Shape outages_shape{.is = Is::map, .title = "outages", .keys = outages_keys, .choices = none};
const Shape wifi_shape{.is = Is::map, .title = "wifi", .keys = wifi_keys};
const Shape lte_shape{.is = Is::map, .title = "lte", .keys = lte_keys};
const Shape link_shape{.is = Is::map, .title = "a link", .keys = link_keys};
const Shape profile_file_shape{.is = Is::map, .title = "a profile", .keys = profile_file_keys};

std::array<Key, 2> sourced_keys(const Shape& item) {
  return {Key{.name = "value",
              .shape = &item,
              .is_required = true,
              .description = "The number with its unit."},
          source_of_value};
}

}  // namespace mq::scenario
