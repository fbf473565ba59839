// Two ends of TLS over a network that belongs to the fuzzer: it delivers, holds back, alters,
// drops, doubles and makes up bytes, before, during and after the handshake. Keys and times come
// from a seed. What an owner gets is the beginning of what the other owner said, or nothing.
#include <cstdint>
#include <string>

#include "base/ensure.h"
#include "base/testing/choices.h"
#include "transport/certificate_maker.h"
#include "transport/testing/layer_pair.h"
#include "transport/tls.h"

namespace mq::transport {
namespace {

constexpr std::time_t now = 1'800'000'000, day = 86'400;

struct Contexts {
  Rng rng{7};
  CertificateMaker maker{"authority", now - day, now + day, &rng};
  MadeCertificate made = maker.make({.common_name = "broker",
                                     .dns_names = {"broker.test"},
                                     .addresses = {},
                                     .valid_from = now - day,
                                     .valid_until = now + day});
  TlsServer server{
      TlsPem{.certificate = made.certificate_pem, .key = made.key_pem, .authorities = {}}};
  TlsClient client{TlsPem{.certificate = {}, .key = {}, .authorities = maker.authority_pem()}};
};

const Contexts& contexts() {
  static const Contexts made;
  return made;
}

class Network {
 public:
  Network()
      : ends_{LayerEnd(contexts().client.layer("broker.test", TlsWorld{Rng(1), now})),
              LayerEnd(contexts().server.layer(TlsWorld{Rng(2), now}))} {
    ends_[1].begin();
    ends_[0].begin();
  }

  void step(Choices& choices) {
    const unsigned what = choices.byte();
    const unsigned from = what & 1;
    std::string& wire = wire_[from];
    wire += ends_[from].take();
    switch ((what >> 1) % 8) {
      case 0:
      case 1:
        return deliver(from, wire.size());
      case 2:
        return deliver(from, choices.byte());
      case 3:
        return say(from, std::string(choices.byte() + 1U, static_cast<char>(what)));
      case 4:
        if (wire.empty()) return;
        {
          const std::size_t high = choices.byte();
          char& altered = wire[(high << 8 | choices.byte()) % wire.size()];
          altered ^= static_cast<char>(choices.byte());
        }
        return;
      case 5: {
        const std::size_t at = choices.byte() % (wire.size() + 1);
        wire.erase(at, choices.byte());
        return;
      }
      case 6: {
        const auto made_up = choices.bytes(choices.byte());
        wire.insert(choices.byte() % (wire.size() + 1),
                    reinterpret_cast<const char*>(made_up.data()), made_up.size());
        return;
      }
      default:
        return ends_[from].close();
    }
  }

  void check() const {
    for (const unsigned to : {0U, 1U})
      ensure(said_[1 - to].starts_with(ends_[to].received), "what is heard was said");
    ensure(ends_[0].received.empty() || ends_[0].times_opened == 1, "nothing before the handshake");
    ensure(ends_[1].received.empty() || ends_[1].times_opened == 1, "nothing before the handshake");
  }

 private:
  void deliver(unsigned from, std::size_t count) {
    LayerEnd& to = ends_[1 - from];
    const std::string some = wire_[from].substr(0, count);
    wire_[from].erase(0, count);
    if (to.failure.empty() && !to.left) to.hear(some);
  }
  void say(unsigned who, const std::string& text) {
    LayerEnd& end = ends_[who];
    if (end.times_opened == 0 || !end.failure.empty() || end.left) return;
    end.say(text);
    said_[who] += text;
  }

  LayerEnd ends_[2];     // client, server
  std::string wire_[2];  // from each, on the way
  std::string said_[2];
};

}  // namespace
}  // namespace mq::transport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mq::Choices choices({data, size});
  mq::transport::Network network;
  while (!choices.empty()) network.step(choices);
  network.check();
  return 0;
}
