#include "client/pubsub/common_flags.h"

namespace mq::client {

std::variant<PubOptions, Ended> parse_pub(int argc, char** argv) {
  CLI::App app("Publishes messages to an MQTT broker.", "mqttlab pub");
  return guarded<PubOptions>(app, "pub", [&]() -> std::variant<PubOptions, Ended> {
    PubOptions options;
    RawFlags raw;
    double repeat_delay = 0;
    SourceFlags source;
    bool lines = false;
    add_common(app, raw, options);
    app.add_option("-t,--topic", options.topic, "topic");
    source.add_to(app, options.source);
    app.add_flag("-l,--stdin-line", lines, "each line of stdin is a message");
    app.add_flag("-r,--retain", options.retain, "the broker keeps it for later subscribers");
    app.add_option("--repeat", options.repeat, "publish so many times")
        ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{0xFFFFFFFF}));
    app.add_option("--repeat-delay", repeat_delay, "seconds between repetitions")
        ->check(CLI::Range(0.0, 1e6));
    auto words = words_of(app, argc, argv, raw);
    app.parse(words);
    if (!raw.url.empty()) {
      const std::string topic = take_url(raw);
      if (options.topic.empty()) options.topic = topic;
    }
    settle(raw, "pub", options);
    SourceFlags::settle(app, options.source);
    if (options.topic.empty()) throw Usage("expected a topic: -t TOPIC");
    check_topic("-t", options.topic);
    options.repeat_delay = std::chrono::milliseconds(static_cast<std::int64_t>(repeat_delay * 1e3));
    options.publish_properties = properties_for(raw.properties, place(Kind::publish));
    return options;
  });
}

}  // namespace mq::client
