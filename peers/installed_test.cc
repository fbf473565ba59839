// Every broker that is installed here is started with everything that its adapter offers; one that
// is absent is named, with how to install it.
#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "peers/peer.h"
#include "peers/probe.h"
#include "transport/certificate_maker.h"

namespace mq::peers {
namespace {

class InstalledPeer : public testing::TestWithParam<std::string> {
 protected:
  InstalledPeer() {
    const std::time_t now = std::time(nullptr);
    transport::CertificateMaker maker("authority", now - 3600, now + 3600);
    const auto made = maker.make({.common_name = "localhost",
                                  .dns_names = {"localhost"},
                                  .addresses = {"127.0.0.1"},
                                  .valid_from = now - 3600,
                                  .valid_until = now + 3600});
    wishes_.certificate = write("certificate.pem", made.certificate_pem);
    wishes_.key = write("key.pem", made.key_pem);
    wishes_.authority = write("authority.pem", maker.authority_pem());
    wishes_.login = {"alice", "secret"};
    if (GetParam() == "ours") wishes_.program = MQ_REAL_PROGRAM;
  }
  ~InstalledPeer() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(folder_);
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    return path;
  }

  const std::string folder_ =
      testing::TempDir() + "mqttlab-installed-" + std::to_string(::getpid());
  Wishes wishes_;
};

TEST_P(InstalledPeer, StartsAndComesBackAfterAKill) {
  const Adapter adapter = find_adapter(GetParam());
  try {
    installed_program(adapter, wishes_.program);
  } catch (const PeerError& error) {
    GTEST_SKIP() << error.what();
  }
  std::printf("%s: %s\n", adapter.name.c_str(),
              installed_release(adapter, wishes_.program).c_str());
  for (const std::string& listener : adapter.listeners)
    if (listener != "mqtt") wishes_.listeners.push_back(listener);
  wishes_.settings = adapter.settings;
  Peer peer(adapter, wishes_);
  for (int round = 0; round < 2; ++round) {
    peer.start();
    const Usage usage = peer.usage();
    std::printf("%s: ready after %lld ms, %d processes, %.1f MB\n", adapter.name.c_str(),
                static_cast<long long>(peer.ready_after().count()), usage.processes,
                static_cast<double>(usage.resident_bytes) / 1e6);
    EXPECT_GT(usage.cpu.count(), 0);
    peer.kill();
    EXPECT_FALSE(is_listening(peer.port()));
  }
  peer.start();
  peer.stop();
}

INSTANTIATE_TEST_SUITE_P(All, InstalledPeer, testing::ValuesIn(adapter_names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace mq::peers
