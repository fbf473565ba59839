// Pre-shared keys: the file, and TLS by them.
#include "transport/psk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "transport/testing/layer_pair.h"
#include "transport/tls.h"

namespace mq::transport {
namespace {

TEST(PskFile, HasALineForEachIdentity) {
  const auto keys = parse_psks("# ours\nsensor:0aFF\n\na:b:01\r\n", "f");
  EXPECT_EQ(keys, (std::map<std::string, std::string>{{"sensor", "\x0a\xff"}, {"a:b", "\x01"}}));
}

TEST(PskFile, SaysWhereItIsWrongAndNeverTheKey) {
  const auto fault = [](const std::string& text) -> std::string {
    try {
      parse_psks(text, "f");
    } catch (const TlsError& error) {
      return error.what();
    }
    return "taken";
  };
  const std::string longest(2 * psk_bytes_max, 'a');
  const std::string longest_name(psk_identity_bytes_max, 'n');
  EXPECT_EQ(fault("a:" + longest), "taken");
  EXPECT_EQ(fault(longest_name + ":01"), "taken");
  EXPECT_EQ(fault("a:01\nb"), "f:2:1: expected IDENTITY:KEY, the key in hexadecimal");
  EXPECT_EQ(fault(":01"), "f:1:1: expected IDENTITY:KEY, the key in hexadecimal");
  for (const std::string& bad : {std::string(), std::string("0"), std::string("0x01"),
                                 std::string("secret"), longest + "aa"})
    EXPECT_EQ(fault("a:" + bad),
              "f:1:3: expected a key of 2 to 512 hexadecimal digits, an even "
              "number");
  EXPECT_EQ(fault(longest_name + "n:01"), "f:1:1: expected an identity of at most 128 bytes");
  EXPECT_EQ(fault("a:01\na:02"), "f:2:1: this identity was there before");
}

class Psk : public testing::Test {
 protected:
  void SetUp() override {
    path = std::filesystem::path(testing::TempDir()) / ("psk-" + std::to_string(::getpid()));
    write("sensor:00112233445566778899aabbccddeeff\n");
  }
  void TearDown() override { std::filesystem::remove(path); }
  void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
  }

  struct Ends {
    LayerEnd client;
    LayerEnd server;
    bool open() const { return client.times_opened == 1 && server.times_opened == 1; }
  };
  Ends shake(const TlsPsk& psk, std::optional<TlsVersion> version = {}) {
    TlsClientOptions options;
    options.psk = psk;
    options.version = version;
    Ends ends{LayerEnd(TlsClient(options).layer("broker.test")),
              LayerEnd(TlsServer({.psk_file = path, .psk_hint = "here"}).layer())};
    ends.server.begin();
    ends.client.begin();
    converse(ends.client, ends.server);
    return ends;
  }

  std::filesystem::path path;
  const std::string key = *psk_of("00112233445566778899aabbccddeeff");
};

TEST_F(Psk, TheServerKnowsTheClientByItsKey) {
  for (const TlsVersion version : {TlsVersion::v1_2, TlsVersion::v1_3}) {
    Ends ends = shake({"sensor", key}, version);
    ASSERT_TRUE(ends.open()) << ends.server.failure << "; " << ends.client.failure;
    EXPECT_EQ(ends.server.facts().psk_identity, "sensor");
    EXPECT_FALSE(ends.server.facts().certificate);
    EXPECT_NE(ends.server.facts().tls.find(
                  version == TlsVersion::v1_2 ? "ECDHE-PSK-CHACHA20-POLY1305" : "TLSv1.3"),
              std::string::npos)
        << ends.server.facts().tls;
    ends.client.say("hello");
    converse(ends.client, ends.server);
    EXPECT_EQ(ends.server.received, "hello");
  }
}

TEST_F(Psk, WithoutTheKeyNobodyComesIn) {
  for (const TlsVersion version : {TlsVersion::v1_2, TlsVersion::v1_3})
    for (const TlsPsk& wrong : {TlsPsk{"sensor", "another key of it"}, TlsPsk{"stranger", key}}) {
      const Ends ends = shake(wrong, version);
      EXPECT_EQ(ends.server.times_opened, 0);
      EXPECT_NE(ends.server.failure, "");
    }
}

TEST_F(Psk, FilesThatCannotBeUsedAreRefused) {
  const auto refusal = [](const TlsServerOptions& options) -> std::string {
    try {
      const TlsServer server(options);
    } catch (const TlsError& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_EQ(refusal({.psk_file = path}), "taken");
  EXPECT_NE(refusal({.pairs = {{}}, .psk_file = path}).find("not by both"), std::string::npos);
  EXPECT_NE(refusal({.ciphers = "PSK-AES128-CBC-SHA", .psk_file = path}).find("is refused"),
            std::string::npos);
  EXPECT_EQ(refusal({.psk_file = path, .psk_hint = std::string(129, 'x')}).find("psk_hint"), 0u);
  write("sensor:00", 0644);
  EXPECT_NE(refusal({.psk_file = path}).find("everybody"), std::string::npos);
  std::filesystem::remove(path);
  EXPECT_NE(refusal({.psk_file = path}).find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace mq::transport
