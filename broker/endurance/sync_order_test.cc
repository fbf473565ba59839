// Every PUBACK and PUBREC leaves after the sync that covers its message: read off the system calls
// of the real broker under load, as strace sees them.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "broker/endurance/publisher.h"
#include "broker/endurance/subscriber.h"
#include "broker/endurance/testing/broker_process.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;

constexpr const char* strace = "/usr/bin/strace";
constexpr const char* log_name = "\\x2d\\x77\\x61\\x6c>";  // "-wal", as strace -xx prints it

// "\x40\x02" as strace -xx prints it, all strings of a line one after the other.
std::string bytes_in(const std::string& line) {
  std::string bytes;
  for (std::size_t at = line.find("\\x", line.find('"')); at != std::string::npos;
       at = line.find("\\x", at + 4))
    bytes += static_cast<char>(std::stoi(line.substr(at + 2, 2), nullptr, 16));
  return bytes;
}

// Folds the system calls of one broker: what is in the log, what is synced, what was answered.
class SyncOrder {
 public:
  void observe(const std::string& line) {
    const bool resumed = line.find(" resumed>") != std::string::npos;
    const bool unfinished = line.find("<unfinished") != std::string::npos;
    const bool about_the_log = line.find(log_name) != std::string::npos;
    const std::string thread = line.substr(0, line.find(' '));
    if (line.find(" pwrite64(") != std::string::npos && about_the_log) {
      for (const std::string& message : messages_in(bytes_in(line))) in_log_.insert(message);
    } else if (line.find(" fdatasync(") != std::string::npos && about_the_log) {
      // What was in the log when the sync began is what it covers.
      covers_[thread] = in_log_;
      if (!unfinished) synced(thread);
    } else if (line.find("fdatasync resumed>") != std::string::npos) {
      synced(thread);
    } else if (!resumed && line.find(" sendmsg(") != std::string::npos) {
      answer(bytes_in(line));
    }
  }

  std::size_t answers = 0;
  std::size_t syncs = 0;
  std::vector<std::string> too_early;

 private:
  // "p0 17 ....": what Publisher sends.
  static std::vector<std::string> messages_in(const std::string& bytes) {
    std::vector<std::string> found;
    for (std::size_t at = bytes.find("load/p"); at != std::string::npos;
         at = bytes.find("load/p", at + 1)) {
      const std::size_t name = bytes.find('p', at + 7);  // of the payload
      if (name == std::string::npos) break;
      const std::size_t end = bytes.find(' ', bytes.find(' ', name) + 1);
      if (end != std::string::npos && end - name < 20)
        found.push_back(bytes.substr(name, end - name));
    }
    return found;
  }

  void synced(const std::string& thread) {
    ++syncs;
    for (const std::string& message : covers_[thread]) durable_.insert(message);
  }

  // p0 publishes at QoS 1, p1 at QoS 2; both number their packet ids as their messages.
  void answer(const std::string& bytes) {
    PacketReader reader(Sender::server, Version::v5);
    reader.feed(std::as_bytes(std::span(bytes)));
    for (Decoded decoded = reader.next(); auto* packet = std::get_if<Packet>(&decoded);
         decoded = reader.next()) {
      std::string message;
      if (const auto* ack = std::get_if<PubAck>(packet))
        message = "p0 " + std::to_string(static_cast<int>(ack->packet_id));
      if (const auto* received = std::get_if<PubRec>(packet))
        message = "p1 " + std::to_string(static_cast<int>(received->packet_id));
      if (message.empty()) continue;
      ++answers;
      if (!durable_.contains(message)) too_early.push_back(message);
    }
  }

  std::set<std::string> in_log_, durable_;
  std::map<std::string, std::set<std::string>> covers_;  // by thread: the sync under way
};

// The calls of a broker with this durability while two publishers work.
SyncOrder watch(const std::string& durability) {
  SyncOrder order;
  std::string name = std::filesystem::temp_directory_path() / "mqttlab-sync-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
  const std::filesystem::path folder = name;
  const std::string calls = folder / "calls";
  {
    BrokerProcess broker(BrokerProcess::Which::ours, folder,
                         {"--store", folder / "store.db", "--durability", durability});
    broker.run_under({strace, "-D", "-f", "-y", "-xx", "-s", "70000", "-o", calls, "-e",
                      "trace=pwrite64,fdatasync,sendmsg"});
    if (!broker.start()) {
      ADD_FAILURE() << "the broker does not run under " << strace << " (apt-get install strace; "
                    << "a container may have to allow ptrace): " << broker.output();
      return order;
    }
    Subscriber away("s", Qos::exactly_once);
    away.connect(broker.port());
    serve({&away}, 10s, [&] { return away.is_subscribed(); });
    away.disconnect();
    Publisher once({.name = "p0", .qos = Qos::at_least_once});
    Publisher twice({.name = "p1", .qos = Qos::exactly_once});
    once.connect(broker.port());
    twice.connect(broker.port());
    serve({&once, &twice}, 20s,
          [&] { return once.acknowledged_count() > 300 && twice.acknowledged_count() > 300; });
    once.drop();
    twice.drop();
    broker.process().signal(SIGTERM);
    EXPECT_TRUE(broker.process().exit_status());
  }
  std::ifstream in(calls);
  for (std::string line; std::getline(in, line);) order.observe(line);
  std::filesystem::remove_all(folder);
  return order;
}

TEST(SyncOrder, EveryAnswerLeavesAfterTheSyncThatCoversIt) {
  const SyncOrder order = watch("power");
  std::printf("%zu answers, %zu syncs, %zu too early\n", order.answers, order.syncs,
              order.too_early.size());
  EXPECT_GT(order.answers, 600u);
  EXPECT_TRUE(order.too_early.empty()) << order.too_early.front();
}

// The same eyes see a broker that does not sync before it answers.
TEST(SyncOrder, IsSeenToBeBrokenWithoutSyncs) {
  const SyncOrder order = watch("process");
  EXPECT_GT(order.too_early.size(), 300u);
}

}  // namespace
}  // namespace mq::broker
