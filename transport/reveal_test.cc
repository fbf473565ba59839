#include "transport/reveal.h"

#include <gtest/gtest.h>

#include <string>

#include "transport/certificate_maker.h"
#include "transport/tls.h"
#include "transport/websocket.h"

namespace mq::transport {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Two layers that talk to each other, and somebody between them.
class Between {
 public:
  explicit Between(Reveal& reveal) : reveal_(reveal) {}

  // What `from` gives goes to `to`, in pieces of so many bytes, and is read on its way.
  struct End final : Layer::Sides {
    void to_peer(std::span<const std::byte> bytes) override {
      out.insert(out.end(), bytes.begin(), bytes.end());
    }
    bool to_owner(std::span<const std::byte> bytes) override {
      in += text_of({bytes.begin(), bytes.end()});
      return true;
    }
    void opened() override { is_open = true; }
    void peer_left() override {}
    void failed(std::string why) override { failure = std::move(why); }
    std::vector<std::byte> out;
    std::string in;
    bool is_open = false;
    std::string failure;
  };

  void settle(Layer& client, Layer& server, std::size_t piece) {
    while (!at_client.out.empty() || !at_server.out.empty()) {
      pass(at_client, server, at_server, RevealedSide::client, piece);
      pass(at_server, client, at_client, RevealedSide::server, piece);
    }
  }

  End at_client;
  End at_server;
  std::string said_by_client;
  std::string said_by_server;

 private:
  void pass(End& from, Layer& to, End& sides, RevealedSide side, std::size_t piece) {
    const std::vector<std::byte> bytes = std::exchange(from.out, {});
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const auto part = std::span(bytes).subspan(at, std::min(piece, bytes.size() - at));
      (side == RevealedSide::client ? said_by_client : said_by_server) +=
          text_of(reveal_.next(side, part));
      to.from_peer(part, sides);
    }
  }

  Reveal& reveal_;
};

constexpr std::time_t a_day = 86'400;

class TlsBetween : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Pieces, TlsBetween, ::testing::Values(1, 7, 100, 100'000));

TEST_P(TlsBetween, IsReadWithTheSecretsOfOneEnd) {
  Rng rng(7);
  CertificateMaker authority("authority", a_day, 100 * a_day, &rng);
  const auto made = authority.make({.common_name = "broker",
                                    .dns_names = {"broker"},
                                    .valid_from = a_day,
                                    .valid_until = 100 * a_day});
  const TlsPem pem{made.certificate_pem, made.key_pem, authority.authority_pem()};
  const auto secrets = std::make_shared<TlsSecrets>();
  const auto client =
      TlsClient(pem).layer("broker", TlsWorld{rng.child("client"), 50 * a_day,
                                              [&](std::string_view line) { secrets->hear(line); }});
  const auto server = TlsServer(pem).layer(TlsWorld{rng.child("server"), 50 * a_day});
  const auto reveal = reveal_tls(secrets);
  Between between(*reveal);
  client->begin(between.at_client);
  server->begin(between.at_server);
  between.settle(*client, *server, GetParam());
  ASSERT_TRUE(between.at_client.is_open && between.at_server.is_open) << between.at_client.failure;
  EXPECT_EQ(between.said_by_client + between.said_by_server, "");
  client->from_owner(bytes_of("CONNECT"), between.at_client);
  between.settle(*client, *server, GetParam());
  server->from_owner(bytes_of("CONNACK"), between.at_server);
  const std::string large(40'000, 'x');
  server->from_owner(bytes_of(large), between.at_server);
  between.settle(*client, *server, GetParam());
  EXPECT_EQ(between.at_server.in, "CONNECT");
  EXPECT_EQ(between.said_by_client, "CONNECT");
  EXPECT_EQ(between.said_by_server, "CONNACK" + large);
}

TEST(TlsBetween, IsNotReadWithoutThem) {
  const auto reveal = reveal_tls(std::make_shared<TlsSecrets>());
  EXPECT_TRUE(
      reveal->next(RevealedSide::client, bytes_of("\x17\x03\x03\x01\x01 and so on")).empty());
}

TEST_P(TlsBetween, AWebSocketIsReadFromItsUpgradeOn) {
  const auto client = websocket_client_layer({.host = "broker"}, Rng(3));
  const auto server = websocket_server_layer({});
  const auto reveal = reveal_websocket();
  Between between(*reveal);
  client->begin(between.at_client);
  server->begin(between.at_server);
  between.settle(*client, *server, GetParam());
  ASSERT_TRUE(between.at_client.is_open) << between.at_client.failure;
  client->from_owner(bytes_of("CONNECT"), between.at_client);
  between.settle(*client, *server, GetParam());
  server->from_owner(bytes_of("CONNACK"), between.at_server);
  between.settle(*client, *server, GetParam());
  EXPECT_EQ(between.said_by_client, "CONNECT");
  EXPECT_EQ(between.said_by_server, "CONNACK");
}

}  // namespace
}  // namespace mq::transport
