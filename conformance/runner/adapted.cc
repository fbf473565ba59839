#include "conformance/runner/adapted.h"

#include <algorithm>

#include "peers/peer.h"

namespace mq::conformance {
namespace {

// What CONNACK of 3.1.1 cannot say, and that of 5.0 perhaps does not.
void describe_abilities(const peers::Adapter& adapter, Target& target) {
  const peers::Capabilities& can = adapter.capabilities;
  const auto lack = [&](bool lacks, const char* need, const char* what) {
    if (lacks) target.lacks.insert({need, adapter.title + " has no " + what});
  };
  lack(can.qos < 1, "qos1", "QoS 1");
  lack(can.qos < 2, "qos2", "QoS 2");
  lack(!can.retain, "retain", "retained messages");
  lack(!can.wildcards, "wildcards", "wildcards");
  lack(!can.shared_subscriptions, "shared_subscriptions", "shared subscriptions");
  const auto speaks = [&](const char* version) {
    return std::find(can.versions.begin(), can.versions.end(), version) != can.versions.end();
  };
  if (!speaks("5.0")) target.versions.erase(Version::v5);
  if (!speaks("3.1.1")) target.versions.erase(Version::v3_1_1);
}

}  // namespace

void describe(const peers::Adapter& adapter, Target& target) {
  // Everybody is let in, where the adapter allows it: a user in every CONNECT would hide how
  // malformed ones are taken.
  if (adapter.login)
    target.given.insert({{"user", adapter.login->user}, {"password", adapter.login->password}});
  describe_abilities(adapter, target);
}

struct Adapted::Started {
  explicit Started(const peers::Adapter& adapter) : peer(adapter) {}
  peers::Peer peer;
};

Adapted::Adapted(const std::string& name_or_file, Target& target) {
  const peers::Adapter adapter = peers::find_adapter(name_or_file);
  started_ = std::make_unique<Started>(adapter);
  started_->peer.start();
  describe(adapter, target);
  target.release = peers::installed_release(adapter);
  target.address.host = "127.0.0.1";
  target.address.port = started_->peer.port();
}

Adapted::~Adapted() = default;

}  // namespace mq::conformance
