#include "cli/virtual_broker.h"

#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "peers/peer.h"

namespace mq::cli {
namespace {

sim::VtimeMode mode_of(const peers::Adapter& adapter) {
  using Mode = peers::InVirtualTime::Mode;
  switch (adapter.in_virtual_time.mode) {
    case Mode::token:
      return sim::VtimeMode::token;
    case Mode::threads:
      return sim::VtimeMode::threads;
    case Mode::automatic:
      return sim::VtimeMode::automatic;
    case Mode::none:
      break;
  }
  throw std::invalid_argument(adapter.title +
                              " cannot be run in virtual time: " + adapter.in_virtual_time.why);
}

// PEM texts as files, as long as somebody needs them.
class PemFolder {
 public:
  PemFolder() : path_(std::filesystem::temp_directory_path() / "mqttlab-pem-XXXXXX") {
    std::string name = path_.string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), "a folder for certificates");
    path_ = name;
  }
  ~PemFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  PemFolder(const PemFolder&) = delete;
  PemFolder& operator=(const PemFolder&) = delete;

  std::string path() const { return path_.string(); }
  std::string put(const char* name, const std::string& text) const {
    const std::filesystem::path file = path_ / name;
    std::ofstream(file) << text;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    return file.string();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::unique_ptr<sim::ExternalBackend> virtual_broker(const peers::Adapter& adapter,
                                                     const VirtualBroker& wanted) {
  const sim::VtimeMode mode = mode_of(adapter);
  peers::Wishes wishes;
  wishes.in_virtual_time = true;
  wishes.settings = wanted.settings;
  wishes.listeners = wanted.listeners;
  std::shared_ptr<PemFolder> pem;
  if (!wanted.certificate.empty()) {
    pem = std::make_shared<PemFolder>();
    wishes.certificate = pem->put("certificate.pem", wanted.certificate);
    wishes.key = pem->put("key.pem", wanted.key);
    wishes.authority = pem->put("authority.pem", wanted.authority);
  }
  auto peer = std::make_shared<peers::Peer>(adapter, wishes);
  peers::Process::Start start = peer->prepared();
  sim::ExternalBroker broker;
  broker.start = {.title = adapter.name,
                  .command = std::move(start.command),
                  .environment = std::move(start.environment),
                  .folder = start.folder,
                  .output = wanted.log_file.empty()
                                ? start.output
                                : std::filesystem::absolute(wanted.log_file).string(),
                  .mode = mode,
                  .seed = wanted.seed,
                  // To start is real work; a busy machine takes longer.
                  .patience = std::max(sim::VtimeStart{}.patience, adapter.ready_within)};
  broker.port = peer->port();
  broker.said_as = {{broker.start.folder, "${dir}"}};
  if (pem) broker.said_as.emplace_back(pem->path(), "${pem}");
  broker.has_disk = wanted.has_disk;
  broker.takes_time = wanted.takes_time;
  broker.settles = adapter.in_virtual_time.settles;
  for (const std::string& name : wanted.listeners)
    broker.others[name == "ws" ? sim::Listener::websocket : sim::Listener::mqtts] =
        peer->port(name);
  broker.outlives_it =
      std::make_shared<std::pair<std::shared_ptr<PemFolder>, std::shared_ptr<peers::Peer>>>(
          std::move(pem), std::move(peer));
  return std::make_unique<sim::ExternalBackend>(std::move(broker));
}

}  // namespace mq::cli
