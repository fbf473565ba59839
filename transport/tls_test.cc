// TLS as a layer: two ends that talk to each other in memory.
#include "transport/tls.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "transport/certificate_maker.h"
#include "transport/testing/layer_pair.h"

namespace mq::transport {
namespace {

using ClientCertificate = TlsServerOptions::ClientCertificate;

constexpr std::time_t day = 86400;

class Tls : public testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::path(testing::TempDir()) /
             ("tls-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder);
    write("ca.pem", maker.authority_pem());
    server_pair =
        pair("server",
             {.common_name = "broker", .dns_names = {"broker.test"}, .addresses = {"127.0.0.1"}});
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = folder / name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  TlsPair pair(const std::string& name, CertificateWish wish) {
    if (wish.valid_from == 0) wish.valid_from = now - day;
    if (wish.valid_until == 0) wish.valid_until = now + day;
    made = maker.make(wish);
    return {write(name + ".pem", made.certificate_pem), write(name + ".key", made.key_pem)};
  }
  TlsServerOptions server_options() { return {.pairs = {server_pair}}; }
  TlsClientOptions client_options() { return {.ca_file = folder / "ca.pem"}; }

  struct Ends {
    LayerEnd client;
    LayerEnd server;
  };
  Ends shake(const TlsServerOptions& server, const TlsClientOptions& client,
             const std::string& host = "broker.test", std::size_t piece = 1 << 20) {
    Ends ends{LayerEnd(TlsClient(client).layer(host)), LayerEnd(TlsServer(server).layer())};
    ends.server.begin();
    ends.client.begin();
    converse(ends.client, ends.server, piece);
    return ends;
  }
  template <class Make>
  std::string refusal(Make make) {
    try {
      make();
    } catch (const TlsError& error) {
      std::string text = error.what();
      while (text.find(folder.string() + "/") != std::string::npos)
        text.erase(text.find(folder.string() + "/"), folder.string().size() + 1);
      return text;
    }
    return "taken";
  }

  const std::time_t now = std::time(nullptr);
  CertificateMaker maker{"an authority", now - 2 * day, now + 2 * day};
  MadeCertificate made;
  std::filesystem::path folder;
  TlsPair server_pair;
};

TEST_F(Tls, CarriesBytesBothWaysInPiecesOfAnySize) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
    auto [client, server] = shake(server_options(), client_options(), "broker.test", piece);
    ASSERT_EQ(client.times_opened, 1) << client.failure;
    ASSERT_EQ(server.times_opened, 1) << server.failure;
    EXPECT_EQ(server.facts().tls, "TLSv1.3 TLS_AES_256_GCM_SHA384");
    EXPECT_FALSE(server.facts().certificate);
    const std::string large(100'000, 'x');
    client.say("ping");
    server.say(large);
    EXPECT_EQ(client.out.find("ping"), std::string::npos);
    converse(client, server, piece);
    EXPECT_EQ(server.received, "ping");
    EXPECT_EQ(client.received, large);
    client.close();
    converse(client, server, piece);
    EXPECT_TRUE(server.left);
    EXPECT_EQ(server.failure, "");
  }
}

TEST_F(Tls, TheClientRefusesAnotherHostsCertificate) {
  for (const char* host : {"other.test", "127.0.0.2", "sub.broker.test"}) {
    auto [client, server] = shake(server_options(), client_options(), host);
    EXPECT_EQ(client.times_opened + server.times_opened, 0) << host;
    EXPECT_TRUE(
        client.failure.starts_with("TLS handshake: the certificate of the server is refused: "))
        << client.failure;
    EXPECT_NE(client.failure.find("mismatch"), std::string::npos) << client.failure;
    EXPECT_NE(server.failure, "");
  }
  auto [by_address, server] = shake(server_options(), client_options(), "127.0.0.1");
  EXPECT_EQ(by_address.times_opened, 1) << by_address.failure;
}

TEST_F(Tls, TheNameIsNotCheckedOnlyOnDemandAndTheAuthorityAlways) {
  auto options = client_options();
  options.checks_name = false;
  EXPECT_EQ(shake(server_options(), options, "other.test").client.times_opened, 1);
  options.ca_file =
      write("other.pem", CertificateMaker("another", now - day, now + day).authority_pem());
  const auto ends = shake(server_options(), options, "broker.test");
  EXPECT_EQ(ends.client.failure,
            "TLS handshake: the certificate of the server is refused: unable to get local issuer "
            "certificate");
  EXPECT_EQ(ends.server.failure, "TLS handshake: tlsv1 alert unknown ca");
}

TEST_F(Tls, AnExpiredCertificateIsRefused) {
  auto options = server_options();
  options.pairs = {pair("old", {.common_name = "broker",
                                .dns_names = {"broker.test"},
                                .valid_from = now - 2 * day,
                                .valid_until = now - day})};
  EXPECT_EQ(shake(options, client_options()).client.failure,
            "TLS handshake: the certificate of the server is refused: certificate has expired");
  options.pairs = {
      pair("early",
           {.common_name = "broker", .dns_names = {"broker.test"}, .valid_from = now + day / 2})};
  EXPECT_EQ(
      shake(options, client_options()).client.failure,
      "TLS handshake: the certificate of the server is refused: certificate is not yet valid");
}

TEST_F(Tls, AClientsCertificateIsItsIdentity) {
  auto server = server_options();
  server.ca_file = folder / "ca.pem";
  server.client_certificate = ClientCertificate::required;
  for (const TlsVersion version : {TlsVersion::v1_2, TlsVersion::v1_3}) {
    auto client = client_options();
    client.version = version;
    client.pair = pair("client", {.common_name = "Bäckerei 7", .dns_names = {"f2.bakery.test"}});
    const auto ends = shake(server, client);
    ASSERT_EQ(ends.server.times_opened, 1) << ends.server.failure;
    ASSERT_TRUE(ends.server.facts().certificate);
    EXPECT_EQ(ends.server.facts().certificate->common_name, "Bäckerei 7");
    EXPECT_EQ(ends.server.facts().certificate->subject, "CN=Bäckerei 7");
    EXPECT_EQ(ends.server.facts().certificate->alternative_names,
              std::vector<std::string>{"f2.bakery.test"});
  }
}

TEST_F(Tls, ACertificateThatIsRequiredMustBeThereAndOptionalOnesMayBeMissing) {
  auto server = server_options();
  server.ca_file = folder / "ca.pem";
  server.client_certificate = ClientCertificate::required;
  const auto refused = shake(server, client_options());
  EXPECT_EQ(refused.server.times_opened, 0);
  EXPECT_EQ(refused.server.failure, "TLS handshake: peer did not return a certificate");
  server.client_certificate = ClientCertificate::optional;
  const auto anonymous = shake(server, client_options());
  EXPECT_EQ(anonymous.server.times_opened, 1);
  EXPECT_FALSE(anonymous.server.facts().certificate);
}

TEST_F(Tls, ACertificateOfAStrangersAuthorityIsRefusedAlsoWhereNoneIsNeeded) {
  auto server = server_options();
  server.ca_file = folder / "ca.pem";
  server.client_certificate = ClientCertificate::optional;
  CertificateMaker stranger("another", now - day, now + day);
  const auto made_by_stranger =
      stranger.make({.common_name = "root", .valid_from = now - day, .valid_until = now + day});
  auto client = client_options();
  client.pair = {write("s.pem", made_by_stranger.certificate_pem),
                 write("s.key", made_by_stranger.key_pem)};
  const auto ends = shake(server, client);
  EXPECT_EQ(ends.server.times_opened, 0);
  EXPECT_TRUE(
      ends.server.failure.starts_with("TLS handshake: the certificate of the client is refused: "))
      << ends.server.failure;
}

TEST_F(Tls, ARevokedCertificateIsRefused) {
  auto server = server_options();
  server.ca_file = folder / "ca.pem";
  server.client_certificate = ClientCertificate::required;
  auto client = client_options();
  client.pair = pair("client", {.common_name = "sensor"});
  server.crl_file = write("crl.pem", maker.revoke({}));
  EXPECT_EQ(shake(server, client).server.times_opened, 1);
  server.crl_file = write("crl.pem", maker.revoke({made}));
  EXPECT_EQ(shake(server, client).server.failure,
            "TLS handshake: the certificate of the client is refused: certificate revoked");
}

// OpenSSL itself takes no certificate whose UTF-8 is broken, but a NUL passes: what comes before it
// could be taken for the whole name further on.
TEST_F(Tls, AnIdentityWithANulIsRefused) {
  auto server = server_options();
  server.ca_file = folder / "ca.pem";
  server.client_certificate = ClientCertificate::required;
  auto client = client_options();
  client.pair = pair("client", {.common_name = std::string("admin\0.test", 11)});
  const auto ends = shake(server, client);
  EXPECT_EQ(ends.server.times_opened, 0);
  EXPECT_EQ(ends.server.failure,
            "TLS handshake: a name in the client's certificate is not valid text");
}

TEST_F(Tls, TheServerChoosesTheCertificateByTheNameThatIsAskedFor) {
  auto server = server_options();
  server.pairs.push_back(pair("second", {.common_name = "s", .dns_names = {"second.test"}}));
  EXPECT_EQ(shake(server, client_options(), "second.test").client.times_opened, 1);
  EXPECT_EQ(shake(server, client_options(), "broker.test").client.times_opened, 1);
  EXPECT_EQ(shake(server, client_options(), "third.test").client.times_opened, 0);
}

TEST_F(Tls, AnotherProtocolThanMqttIsRefused) {
  auto client = client_options();
  client.alpn = {"h2"};
  EXPECT_EQ(shake(server_options(), client).client.failure,
            "TLS handshake: tlsv1 alert no application protocol");
  client.alpn = {"h2", "mqtt"};
  EXPECT_EQ(shake(server_options(), client).client.times_opened, 1);
}

TEST_F(Tls, OnlyCiphersWithEphemeralKeysAndAuthenticationMayBeChosen) {
  auto options = server_options();
  for (const char* weak : {"AES128-SHA", "AES256-SHA256", "AES128-GCM-SHA256", "ALL",
                           "ECDHE-RSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256"}) {
    options.ciphers = weak;
    const std::string text = refusal([&] { TlsServer server(options); });
    EXPECT_NE(text.find("is refused; only ECDHE"), std::string::npos) << weak << ": " << text;
  }
  options.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  auto client = client_options();
  client.version = TlsVersion::v1_2;
  EXPECT_EQ(shake(options, client).server.facts().tls, "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256");
  options.ciphers = "nonsense";
  EXPECT_TRUE(refusal([&] { TlsServer server(options); }).starts_with("ciphers \"nonsense\""));
}

TEST_F(Tls, OlderVersionsAreRefused) {
  auto server = server_options();
  server.version_min = TlsVersion::v1_3;
  auto client = client_options();
  client.version = TlsVersion::v1_2;
  const auto ends = shake(server, client);
  EXPECT_EQ(ends.server.times_opened, 0);
  EXPECT_EQ(ends.client.failure, "TLS handshake: tlsv1 alert protocol version");
}

TEST_F(Tls, EachFileThatCannotBeUsedIsNamed) {
  const auto with = [&](TlsPair wrong) {
    return refusal([&] { TlsServer server({.pairs = {wrong}}); });
  };
  EXPECT_EQ(with({folder / "no.pem", server_pair.key_file}), "no.pem: No such file or directory");
  EXPECT_EQ(with({server_pair.certificate_file, folder / "no.key"}),
            "no.key: No such file or directory");
  EXPECT_EQ(with({server_pair.certificate_file, ""}), "server.pem: its private key is missing");
  EXPECT_EQ(with({write("junk.pem", "junk"), server_pair.key_file}),
            "junk.pem: no certificate in PEM: no start line");
  const TlsPair other = pair("other", {.common_name = "x"});
  EXPECT_EQ(with({server_pair.certificate_file, other.key_file}),
            "other.key: no private key in PEM without a pass phrase that belongs to server.pem: "
            "key values mismatch");
  EXPECT_EQ(refusal([&] { TlsServer server(TlsServerOptions{}); }),
            "TLS needs a certificate and its private key");
  auto options = server_options();
  options.client_certificate = ClientCertificate::required;
  EXPECT_EQ(refusal([&] { TlsServer server(options); }),
            "certificates of clients need the file or directory of their authorities");
  options.ca_file = folder / "no.pem";
  EXPECT_EQ(refusal([&] { TlsServer server(options); }), "no.pem: No such file or directory");
}

TEST_F(Tls, APrivateKeyThatEverybodyMayReadIsRefused) {
  for (const mode_t mode : {0604, 0644, 0602}) {
    ::chmod(server_pair.key_file.c_str(), mode);
    EXPECT_EQ(refusal([&] { TlsServer server(server_options()); }),
              "server.key: a private key that everybody may read or write is refused; chmod 600");
  }
  ::chmod(server_pair.key_file.c_str(), 0640);
  EXPECT_EQ(refusal([&] { TlsServer server(server_options()); }), "taken");
}

TEST_F(Tls, GarbageFailsTheHandshakeWithAClearWord) {
  for (const std::string& garbage :
       {std::string("\x10\x10\0\4MQTT\4\2\0\0\0\0", 14), std::string("GET / HTTP/1.1\r\n\r\n"),
        std::string(5000, '\xff')}) {
    LayerEnd server(TlsServer(server_options()).layer());
    server.begin();
    server.hear(garbage);
    EXPECT_EQ(server.times_opened, 0);
    EXPECT_TRUE(server.failure.starts_with("TLS handshake: the peer does not speak TLS"))
        << server.failure;
    server.hear(garbage);  // nothing more comes of it
  }
}

// A bit that was turned on the way ends the connection, and nothing of the record is delivered.
TEST_F(Tls, AnAlteredRecordIsNotDelivered) {
  auto [client, server] = shake(server_options(), client_options());
  client.say("pay 10");
  std::string wire = client.take();
  wire[wire.size() - 3] ^= 1;
  server.hear(wire);
  EXPECT_EQ(server.received, "");
  EXPECT_EQ(server.failure, "TLS: decryption failed or bad record mac");
}

TEST_F(Tls, ASeedDecidesEveryByteWhateverTheClockOfTheMachineSays) {
  const auto wire_of = [](std::uint64_t seed) {
    Rng rng(seed);
    CertificateMaker seeded("authority", 0, 1000 * day, &rng);
    const auto certificate = seeded.make({.common_name = "broker",
                                          .dns_names = {"broker"},
                                          .valid_from = 0,
                                          .valid_until = 100 * day});
    const TlsPem pem{certificate.certificate_pem, certificate.key_pem, seeded.authority_pem()};
    LayerEnd client(TlsClient(pem).layer("broker", TlsWorld{rng.child("client"), 50 * day}));
    LayerEnd server(TlsServer(pem).layer(TlsWorld{rng.child("server"), 50 * day}));
    std::string wire;
    server.begin();
    client.begin();
    while (!client.out.empty() || !server.out.empty()) {
      const std::string up = client.take();
      server.hear(up);
      const std::string down = server.take();
      client.hear(down);
      wire += up + down;
    }
    EXPECT_EQ(client.times_opened, 1) << client.failure;
    EXPECT_EQ(server.times_opened, 1) << server.failure;
    client.say("secret");
    return wire + client.take();
  };
  const std::string wire = wire_of(1);
  EXPECT_EQ(wire, wire_of(1));
  EXPECT_NE(wire, wire_of(2));
}

TEST_F(Tls, TheClockOfTheWorldJudgesCertificates) {
  Rng rng(1);
  CertificateMaker seeded("authority", 0, 1000 * day, &rng);
  const auto certificate = seeded.make({.common_name = "broker",
                                        .dns_names = {"broker"},
                                        .valid_from = 10 * day,
                                        .valid_until = 20 * day});
  const TlsPem pem{certificate.certificate_pem, certificate.key_pem, seeded.authority_pem()};
  const auto opened_at = [&](std::time_t at) {
    LayerEnd client(TlsClient(pem).layer("broker", TlsWorld{rng.child("client"), at}));
    LayerEnd server(TlsServer(pem).layer(TlsWorld{rng.child("server"), at}));
    server.begin();
    client.begin();
    converse(client, server);
    return client.times_opened;
  };
  EXPECT_EQ(opened_at(10 * day - 1), 0);
  EXPECT_EQ(opened_at(15 * day), 1);
  EXPECT_EQ(opened_at(20 * day + 1), 0);
}

}  // namespace
}  // namespace mq::transport
