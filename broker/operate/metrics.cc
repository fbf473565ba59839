#include "broker/operate/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

namespace mq::broker {
namespace {

class Page {
 public:
  void counter(const char* name, const char* help, double value) {
    add(name, help, "counter", {}, value);
  }
  void gauge(const char* name, const char* help, double value) {
    add(name, help, "gauge", {}, value);
  }
  void add(const std::string& name, const char* help, const char* type, const std::string& labels,
           double value) {
    text += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n" + name + labels;
    char number[40];
    std::snprintf(number, sizeof number, " %.17g\n", value);
    text += number;
  }
  std::string text;
};

void add_traffic(Page& page, const Broker::Traffic& traffic) {
  const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
    page.counter(name, help, static_cast<double>(value));
  };
  counter("mqttlab_broker_links_total", "Network connections taken.", traffic.links);
  counter("mqttlab_broker_connects_total", "Clients let in.", traffic.connects);
  counter("mqttlab_broker_refused_total", "Connections refused at CONNECT or before.",
          traffic.refused);
  counter("mqttlab_broker_packets_received_total", "MQTT packets from clients.",
          traffic.packets_received);
  counter("mqttlab_broker_packets_sent_total", "MQTT packets to clients.", traffic.packets_sent);
  counter("mqttlab_broker_bytes_received_total", "Bytes of MQTT from clients.",
          traffic.bytes_received);
  counter("mqttlab_broker_bytes_sent_total", "Bytes of MQTT to clients.", traffic.bytes_sent);
  counter("mqttlab_broker_publishes_received_total", "PUBLISH packets from clients.",
          traffic.publishes_received);
  counter("mqttlab_broker_publishes_sent_total", "PUBLISH packets to clients.",
          traffic.publishes_sent);
  counter("mqttlab_broker_payload_bytes_received_total", "Payload bytes of PUBLISH from clients.",
          traffic.payload_bytes_received);
  counter("mqttlab_broker_payload_bytes_sent_total", "Payload bytes of PUBLISH to clients.",
          traffic.payload_bytes_sent);
  counter("mqttlab_broker_sessions_expired_total", "Sessions that ended by their expiry.",
          traffic.sessions_expired);
}

void add_process(Page& page, const ProcessFacts& process, double started_at) {
  page.gauge("process_start_time_seconds", "Start of the process in seconds since 1970.",
             started_at);
  page.counter("process_cpu_seconds_total", "CPU time of the process, user and system.",
               process.cpu_seconds);
  page.gauge("process_resident_memory_bytes", "Resident memory of the process.",
             static_cast<double>(process.resident_bytes));
  page.gauge("process_open_fds", "Open file descriptors.",
             static_cast<double>(process.open_descriptors));
  page.gauge("process_max_fds", "File descriptors that may be open.",
             static_cast<double>(process.descriptors_max));
}

}  // namespace

ProcessFacts process_facts() {
  ProcessFacts facts;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    facts.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    unsigned long total = 0, resident = 0;
    if (std::fscanf(file, "%lu %lu", &total, &resident) == 2)
      facts.resident_bytes = resident * static_cast<unsigned long>(::sysconf(_SC_PAGESIZE));
    std::fclose(file);
  }
  std::error_code ignored;
  for (std::filesystem::directory_iterator at("/proc/self/fd", ignored), end; !ignored && at != end;
       at.increment(ignored))
    ++facts.open_descriptors;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.descriptors_max = limit.rlim_cur;
  return facts;
}

std::string metrics_text(const Broker::Census& census, const ProcessFacts& process,
                         const std::string& version, double started_at) {
  Page page;
  page.add("mqttlab_broker_info", "Always 1; the version is in the label.", "gauge",
           "{version=\"" + version + "\"}", 1);
  const auto gauge = [&](const char* name, const char* help, std::size_t value) {
    page.gauge(name, help, static_cast<double>(value));
  };
  gauge("mqttlab_broker_links", "Open network connections.", census.links);
  gauge("mqttlab_broker_clients_connected", "Clients that are connected.", census.connected);
  gauge("mqttlab_broker_sessions", "Sessions, connected or not.", census.sessions);
  gauge("mqttlab_broker_subscriptions", "Subscriptions.", census.subscriptions);
  gauge("mqttlab_broker_shared_subscriptions", "Shared ones of the subscriptions.",
        census.shared_subscriptions);
  gauge("mqttlab_broker_retained_messages", "Retained messages.", census.retained);
  gauge("mqttlab_broker_retained_bytes", "Bytes of retained messages.", census.retained_bytes);
  gauge("mqttlab_broker_queued_messages", "Messages waiting or under way, over all sessions.",
        census.queued_messages);
  gauge("mqttlab_broker_queued_bytes", "Bytes of those messages.", census.queued_bytes);
  gauge("mqttlab_broker_store_unstored_bytes", "Bytes of records that are not durable yet.",
        census.unstored_bytes);
  gauge("mqttlab_broker_store_awaiting_links", "Clients that wait until those are fewer.",
        census.awaiting_store);
  page.counter("mqttlab_broker_messages_dropped_total",
               "Messages dropped because of a limit or a missing right.",
               static_cast<double>(census.dropped_messages));
  page.counter("mqttlab_broker_log_lines_lost_total",
               "Lines of the log that were not written: too many, or nobody took them.",
               static_cast<double>(process.log_lines_lost));
  add_traffic(page, census.traffic);
  add_process(page, process, started_at);
  return page.text;
}

}  // namespace mq::broker
