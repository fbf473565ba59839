#include "client/pubsub/common_flags.h"

namespace mq::client {

std::variant<SubOptions, Ended> parse_sub(int argc, char** argv) {
  CLI::App app("Prints the messages that an MQTT broker sends.", "mqttlab sub");
  return guarded<SubOptions>(app, "sub", [&]() -> std::variant<SubOptions, Ended> {
    SubOptions options;
    RawFlags raw;
    std::vector<std::string> topics;
    PrintFlags print;
    double percent = 100;
    bool retain_as_published = false;
    bool no_local = false;
    std::string retain_handling;
    std::optional<std::uint32_t> wait;
    add_common(app, raw, options);
    app.add_option("-t,--topic", topics, "topic filter; may be repeated")->allow_extra_args(false);
    app.add_option("-U,--unsubscribe", options.unsubscribe, "unsubscribe from this filter first")
        ->allow_extra_args(false);
    app.add_option("-T,--filter-out", options.filter_out,
                   "print and clear nothing that this filter matches")
        ->allow_extra_args(false);
    app.add_option("-C", options.count, "end after so many messages")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
    app.add_option("-W", wait, "end after so many seconds")
        ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{1} << 30));
    app.add_flag("-E", options.end_when_subscribed, "end when the subscriptions are acknowledged");
    app.add_flag("-R", options.skip_stale, "print no retained messages");
    app.add_flag("--retained-only", options.retained_only, "print retained messages, then end");
    app.add_flag("--remove-retained", options.remove_retained, "clear what is retained there");
    app.add_flag("--retain-as-published", retain_as_published, "keep the retain flag, 5.0");
    app.add_flag("--no-local", no_local, "nothing that this client published itself, 5.0");
    app.add_option("--retain-handling", retain_handling, "always, new or never, 5.0")
        ->check(CLI::IsMember({"always", "new", "never"}));
    app.add_option("--random-filter", percent,
                   "print so many percent of the messages, chosen by chance (100)")
        ->check(CLI::Range(0.1, 100.0));
    print.add_to(app, options.print);
    auto words = words_of(app, argc, argv, raw);
    app.parse(words);
    if (!raw.url.empty())
      if (const std::string topic = take_url(raw); !topic.empty()) topics.push_back(topic);
    settle(raw, "sub", options);
    if (topics.empty() && options.unsubscribe.empty())
      throw Usage("expected a topic filter: -t FILTER");
    if ((retain_as_published || no_local || !retain_handling.empty()) &&
        options.settings.version != Version::v5)
      throw Usage(
          "--retain-as-published, --retain-handling and --no-local need MQTT 5.0: add -V mqttv5");
    if (options.skip_stale && options.retained_only)
      throw Usage("-R and --retained-only exclude each other");
    for (const std::string& topic : topics) {
      check_filter("-t", topic);
      const auto handling = retain_handling == "new"     ? RetainHandling::send_if_new
                            : retain_handling == "never" ? RetainHandling::do_not_send
                                                         : RetainHandling::send;
      options.entries.push_back({topic,
                                 {.qos = options.qos,
                                  .no_local = no_local,
                                  .retain_as_published = retain_as_published,
                                  .retain_handling = handling}});
    }
    for (const std::string& filter : options.unsubscribe) check_filter("-U", filter);
    for (const std::string& filter : options.filter_out) check_filter("-T", filter);
    print.settle(options.print);
    options.printed_share = percent / 100;
    if (wait) options.wait = std::chrono::seconds{*wait};
    options.subscribe_properties = properties_for(raw.properties, place(Kind::subscribe));
    options.unsubscribe_properties = properties_for(raw.properties, place(Kind::unsubscribe));
    return options;
  });
}

}  // namespace mq::client
