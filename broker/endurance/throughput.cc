// Acknowledged messages per second to a persistent session whose client is away, with the time of a
// sync on the same disk beside it.
//
//   store_throughput [FOLDER [SECONDS [DURABILITY]]]
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "broker/endurance/publisher.h"
#include "broker/endurance/subscriber.h"
#include "broker/endurance/testing/broker_process.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// In microseconds: a log grows by three pages and is synced, as in a small commit.
double median_sync(const std::filesystem::path& folder) {
  const std::string file = folder / "sync-time";
  const int descriptor = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  const std::array<char, 3 * 4096> pages{};
  std::vector<double> times;
  for (int i = 0; i < 200; ++i) {
    if (::write(descriptor, pages.data(), pages.size()) < 0) break;
    const auto begin = Clock::now();
    ::fdatasync(descriptor);
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  ::close(descriptor);
  std::filesystem::remove(file);
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

std::uint64_t count_commits(const std::filesystem::path& seal) {
  std::array<std::uint64_t, 7> words{};
  std::ifstream(seal, std::ios::binary).read(reinterpret_cast<char*>(words.data()), sizeof words);
  return words[3];
}

bool measure(const std::filesystem::path& folder, std::chrono::seconds time,
             const std::string& durability, std::size_t publishers, Qos qos) {
  std::filesystem::remove_all(folder / "run");
  std::filesystem::create_directory(folder / "run");
  BrokerProcess broker(BrokerProcess::Which::ours, folder,
                       {"--store", folder / "run/store.db", "--durability", durability});
  if (!broker.start()) {
    std::fprintf(stderr, "store_throughput: the broker does not start: %s\n",
                 broker.output().c_str());
    return false;
  }
  Subscriber away("away", Qos::exactly_once);
  away.connect(broker.port());
  serve({&away}, 10s, [&] { return away.is_subscribed(); });
  away.disconnect();
  std::vector<std::unique_ptr<Publisher>> fleet;
  std::vector<WireClient*> clients;
  for (std::size_t at = 0; at < publishers; ++at) {
    fleet.push_back(std::make_unique<Publisher>(
        Publisher::Options{.name = "p" + std::to_string(at), .qos = qos}));
    fleet.back()->connect(broker.port());
    clients.push_back(fleet.back().get());
  }
  const auto acknowledged = [&] {
    std::uint64_t all = 0;
    for (const auto& publisher : fleet) all += publisher->acknowledged_count();
    return all;
  };
  const auto commits = [&] { return count_commits(folder / "run/store.db-seal"); };
  serve(clients, 500ms, [] { return false; });
  const auto began = Clock::now();
  const std::uint64_t before = acknowledged();
  const std::uint64_t commits_before = commits();
  serve(clients, time, [] { return false; });
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  const auto messages = static_cast<double>(acknowledged() - before);
  const auto groups = static_cast<double>(commits() - commits_before);
  broker.kill();
  std::printf(
      "QoS %d, %zu publishers, window 20: %.0f acknowledged/s, %.0f commits/s, %.1f a commit\n",
      static_cast<int>(qos), publishers, messages / seconds, groups / seconds,
      messages / std::max(groups, 1.0));
  std::fflush(stdout);
  return messages > 0;
}

int run(const std::filesystem::path& folder, std::chrono::seconds time,
        const std::string& durability) {
  std::printf("durability %s, in %s; a sync of three pages takes %.0f us (median)\n",
              durability.c_str(), folder.c_str(), median_sync(folder));
  bool done = true;
  for (const Qos qos : {Qos::at_least_once, Qos::exactly_once})
    for (const std::size_t publishers : {1, 8, 64})
      done = done && measure(folder, time, durability, publishers, qos);
  std::filesystem::remove_all(folder / "run");
  return done ? 0 : 1;
}

}  // namespace
}  // namespace mq::broker

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : "/tmp";
  if (!std::filesystem::is_directory(folder)) {
    std::fprintf(stderr, "store_throughput: %s is not a folder\n", folder.c_str());
    return 2;
  }
  const int seconds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 3;
  return mq::broker::run(folder, std::chrono::seconds(seconds), argc > 3 ? argv[3] : "power");
}
