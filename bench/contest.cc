#include "bench/contest.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "base/nearest_word.h"
#include "bench/descriptors.h"
#include "peers/peer.h"
#include "transport/certificate_maker.h"

namespace mq::bench {
namespace {

namespace fs = std::filesystem;
using peers::Peer;
using peers::PeerError;

constexpr const char* own_name = "ours";

// For brokers that speak TLS: an authority and a certificate for localhost, gone afterwards.
class Certificates {
 public:
  Certificates() {
    std::string path = fs::temp_directory_path().string() + "/mqttlab-bench-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), path);
    folder_ = path;
    constexpr std::time_t a_day = 86'400;
    const std::time_t from = std::time(nullptr) - a_day, until = from + 3 * a_day;
    transport::CertificateMaker maker("mqttlab bench", from, until);
    const auto made = maker.make({.common_name = "localhost",
                                  .dns_names = {"localhost"},
                                  .addresses = {"127.0.0.1"},
                                  .valid_from = from,
                                  .valid_until = until});
    write("certificate.pem", made.certificate_pem);
    write("key.pem", made.key_pem);
    write("authority.pem", maker.authority_pem());
  }
  ~Certificates() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    fs::permissions(path(name), fs::perms::owner_read | fs::perms::owner_write);
  }

  std::string folder_;
};

std::vector<const Row*> chosen_rows(const std::vector<std::string>& names) {
  std::vector<const Row*> rows;
  std::vector<std::string> known;
  for (const Row& row : all_rows()) {
    known.push_back(row.name);
    const bool is_wanted =
        names.empty() || std::find(names.begin(), names.end(), row.name) != names.end();
    if (is_wanted) rows.push_back(&row);
  }
  for (const std::string& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw std::invalid_argument("there is no row `" + name + "`" + did_you_mean(name, known));
  return rows;
}

class Runner {
 public:
  explicit Runner(const ContestOptions& options) : options_(options) {}

  Contest run() {
    const std::vector<const Row*> rows = chosen_rows(options_.rows);
    enlist();
    for (const Row* row : rows) {
      if (contest_.was_interrupted) break;
      run_row(*row);
    }
    return std::move(contest_);
  }

 private:
  // What one row has of one broker.
  struct Seat {
    const peers::Adapter* adapter;
    std::unique_ptr<Peer> peer;
    RowResult::Entry entry;
  };

  void enlist() {
    const bool all = options_.brokers.empty();
    std::vector<std::string> names = all ? peers::adapter_names() : options_.brokers;
    if (all)
      std::stable_partition(names.begin(), names.end(),
                            [](const auto& name) { return name == own_name; });
    for (const std::string& name : names) {
      peers::Adapter adapter = peers::find_adapter(name);
      try {
        const std::string instead = program_of(adapter);
        peers::installed_program(adapter, instead);
        contest_.contestants.push_back(
            {adapter.name, adapter.title, peers::installed_release(adapter, instead)});
        adapters_.push_back(std::move(adapter));
      } catch (const PeerError& error) {
        if (!all) throw;
        contest_.absent.push_back(error.what());
      }
    }
  }

  std::string program_of(const peers::Adapter& adapter) const {
    return adapter.name == own_name ? options_.own_program : "";
  }

  void run_row(const Row& row) {
    std::vector<Seat> seats;
    for (const peers::Adapter& adapter : adapters_) seats.push_back(seat(row, adapter));
    for (int round = 0; round < options_.rounds && !contest_.was_interrupted; ++round)
      for (std::size_t i = 0; i < seats.size() && !contest_.was_interrupted; ++i)
        // Whoever is first in one round is last in the next.
        play(row, seats[(i + static_cast<std::size_t>(round)) % seats.size()], round);
    RowResult result{.row = &row, .entries = {}};
    for (Seat& each : seats) {
      if (each.peer) each.peer->stop();
      result.entries.push_back(std::move(each.entry));
    }
    contest_.rows.push_back(std::move(result));
  }

  Seat seat(const Row& row, const peers::Adapter& adapter) {
    Seat seat{&adapter, nullptr, {.broker = adapter.name, .rounds = {}, .not_measured = {}}};
    const std::size_t descriptors = row.descriptors(options_.scale);
    if (adapter.capabilities.qos < row.qos)
      seat.entry.not_measured = "has no QoS " + std::to_string(row.qos);
    else if (raise_descriptors(descriptors) < descriptors)
      seat.entry.not_measured = "needs " + std::to_string(descriptors) +
                                " open files, and this process may not have them (ulimit -Hn)";
    if (!seat.entry.not_measured.empty()) return seat;
    sit(row, seat);
    return seat;
  }

  // On a fresh process with a fresh directory.
  void sit(const Row& row, Seat& seat) {
    try {
      peers::Wishes wishes{.settings = row.settings,
                           .certificate = certificates_.path("certificate.pem"),
                           .key = certificates_.path("key.pem"),
                           .authority = certificates_.path("authority.pem"),
                           .program = program_of(*seat.adapter)};
      if (row.tls) wishes.listeners = {"mqtts"};
      seat.peer = std::make_unique<Peer>(*seat.adapter, wishes);
      seat.peer->start();
    } catch (const PeerError& error) {
      seat.peer.reset();
      seat.entry.not_measured = error.what();
    }
  }

  void play(const Row& row, Seat& seat, int round) {
    if (options_.is_interrupted()) {
      contest_.was_interrupted = true;
      return;
    }
    // What a round left undone is not for the next one to find.
    const auto& played = seat.entry.rounds;
    if (seat.peer && !played.empty() && (row.is_fresh || !played.back().is_sound())) sit(row, seat);
    if (!seat.peer) return;
    options_.progress(row.name + ", round " + std::to_string(round + 1) + " of " +
                      std::to_string(options_.rounds) + ": " + seat.entry.broker);
    Peer& peer = *seat.peer;
    Target target{.port = peer.port(),
                  .tls_port = row.tls ? peer.port("mqtts") : std::uint16_t{0},
                  .authority_file = certificates_.path("authority.pem"),
                  .usage = [&peer] { return peer.usage(); }};
    if (const auto& login = peer.adapter().login) {
      target.user = login->user;
      target.password = login->password;
    }
    seat.entry.rounds.push_back(row.run(target, options_.scale));
    Outcome& outcome = seat.entry.rounds.back();
    if (!peer.is_running()) outcome.fault = "the broker has ended: " + peer.output_end();
  }

  const ContestOptions& options_;
  const Certificates certificates_;
  std::vector<peers::Adapter> adapters_;
  Contest contest_;
};

}  // namespace

Contest run_contest(const ContestOptions& options) { return Runner(options).run(); }

}  // namespace mq::bench
