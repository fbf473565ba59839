#include "client/pubsub/common_flags.h"

namespace mq::client {

std::variant<RrOptions, Ended> parse_rr(int argc, char** argv) {
  CLI::App app(
      "Publishes a request, waits for the response, and prints it. In MQTT 5.0 (the default)\n"
      "the request says where the response is wanted and carries correlation data.",
      "mqttlab rr");
  return guarded<RrOptions>(app, "rr", [&]() -> std::variant<RrOptions, Ended> {
    RrOptions options;
    RawFlags raw;
    SourceFlags source;
    PrintFlags print;
    std::optional<std::uint32_t> wait;
    add_common(app, raw, options);
    app.add_option("-t,--topic", options.topic, "topic of the request");
    app.add_option("-e", options.response_topic,
                   "topic of the response; in 5.0 it may be left out where the broker gives\n"
                   "response information");
    source.add_to(app, options.source);
    app.add_option("-W", wait, "end after so many seconds")
        ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{1} << 30));
    app.add_flag("-R", options.skip_stale, "a retained message is no response");
    print.add_to(app, options.print);
    auto words = words_of(app, argc, argv, raw);
    app.parse(words);
    if (!raw.url.empty()) {
      const std::string topic = take_url(raw);
      if (options.topic.empty()) options.topic = topic;
    }
    settle(raw, "rr", options, Version::v5);
    SourceFlags::settle(app, options.source);
    print.settle(options.print);
    if (options.topic.empty()) throw Usage("expected the topic of the request: -t TOPIC");
    check_topic("-t", options.topic);
    if (!options.response_topic.empty())
      check_topic("-e", options.response_topic);
    else if (options.settings.version != Version::v5)
      throw Usage("expected the topic of the response: -e TOPIC");
    else if (!options.settings.connect_properties.number(PropertyId::request_response_information))
      options.settings.connect_properties.add(PropertyId::request_response_information,
                                              std::uint32_t{1});
    options.publish_properties = properties_for(raw.properties, place(Kind::publish));
    if (options.publish_properties.text(PropertyId::response_topic) != nullptr)
      throw Usage("-D publish response-topic: the response topic is given by -e TOPIC");
    options.subscribe_properties = properties_for(raw.properties, place(Kind::subscribe));
    if (wait) options.wait = std::chrono::seconds{*wait};
    return options;
  });
}

}  // namespace mq::client
