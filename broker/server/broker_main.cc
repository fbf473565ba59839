#include "broker/server/broker_main.h"

#include <cstdio>
#include <utility>

#include "broker/server/broker_options.h"
#include "broker/server/named_files.h"
#include "broker/server/service.h"

namespace mq::broker {

int broker_main(int argc, char** argv) {
  const auto parsed = parse_broker_flags(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  const auto& flags = std::get<BrokerFlags>(parsed);
  ReadConfig read = load_config(flags);
  for (const Problem& problem : read.problems)
    std::fprintf(stderr, "mqttlab broker: %s\n", to_string(problem).c_str());
  if (!read.usable()) return exit_status::usage;
  if (flags.test_config) {
    const auto unusable = unusable_files(read.config);
    for (const std::string& line : unusable)
      std::fprintf(stderr, "mqttlab broker: %s\n", line.c_str());
    if (!unusable.empty()) return exit_status::usage;
    std::fprintf(stderr, "mqttlab broker: the configuration is sound\n");
    return exit_status::done;
  }
  return run_service(flags, std::move(read.config));
}

}  // namespace mq::broker
