#include "broker/server/listener_flags.h"

#include <gtest/gtest.h>

namespace mq::broker {
namespace {

std::string parsed(const std::string& text) {
  std::string all;
  try {
    for (const ListenerOptions& one : parse_listener(text, 1883)) {
      all += "<";
      if (one.proxy_protocol) all += "proxy ";
      if (one.tls) all += "tls ";
      if (one.websocket) all += "ws(" + one.websocket->path + ") ";
      if (one.connections_max < 1000) all += "max " + std::to_string(one.connections_max) + " ";
      if (!one.address.unix_path.empty())
        all += one.address.unix_path + " " + std::to_string(one.unix_mode);
      else
        all += one.address.host + "|" + std::to_string(one.address.port);
      all += ">";
    }
  } catch (const ListenerFlagError& error) {
    return error.what();
  }
  return all;
}

TEST(ListenerFlags, SayWhatIsSpokenWhere) {
  EXPECT_EQ(parsed("1884"), "<localhost|1884>");
  EXPECT_EQ(parsed("mqtt://[::1]"), "<::1|1883>");
  EXPECT_EQ(parsed("mqtts://0.0.0.0"), "<tls 0.0.0.0|8883>");
  EXPECT_EQ(parsed("tls://*:1"), "<tls 0.0.0.0|1><tls ::|1>");
  EXPECT_EQ(parsed("ws://localhost"), "<ws() localhost|8080>");
  EXPECT_EQ(parsed("ws://localhost:80/"), "<ws() localhost|80>");
  EXPECT_EQ(parsed("wss://localhost:443/mqtt"), "<tls ws(/mqtt) localhost|443>");
  EXPECT_EQ(parsed("unix:/run/mqtt.sock"), "</run/mqtt.sock 432>");
  EXPECT_EQ(parsed("unix:///run/mqtt.sock?mode=600"), "</run/mqtt.sock 384>");
  EXPECT_EQ(parsed("10.0.0.1:1883?proxy&max-connections=5"), "<proxy max 5 10.0.0.1|1883>");
}

TEST(ListenerFlags, TellWhatIsWrong) {
  EXPECT_EQ(parsed("http://localhost"),
            "--listen \"http://localhost\": \"http\" is not spoken here; expected mqtt, mqtts, ws, "
            "wss or unix:PATH");
  EXPECT_EQ(parsed("mqtts://a:b"),
            "--listen \"mqtts://a:b\": expected [SCHEME://]ADDRESS, ADDRESS:PORT or PORT");
  EXPECT_EQ(parsed("unix:"), "--listen \"unix:\": expected unix:PATH");
  EXPECT_EQ(parsed("1883?prxy"),
            "--listen \"1883?prxy\": \"prxy\" is no option of a listener, did you mean proxy?");
  EXPECT_EQ(parsed("1883?max-connections=0"),
            "--listen \"1883?max-connections=0\": max-connections: expected a number above 0");
  EXPECT_EQ(parsed("unix:/a?mode=999"),
            "--listen \"unix:/a?mode=999\": mode: expected permissions in octal, as 660");
  EXPECT_TRUE(parsed("1883?mode=600").find("is no option of a listener") != std::string::npos);
}

std::string settled(const ListenerFlags& flags) {
  try {
    return std::to_string(flags.listeners(1883).size());
  } catch (const ListenerFlagError& error) {
    return error.what();
  }
}

TEST(ListenerFlags, OfTlsNeedAListenerAndAListenerThem) {
  EXPECT_EQ(settled({}), "1");
  EXPECT_EQ(settled({.listen = {"mqtts://localhost"}}),
            "a listener with TLS needs --cert FILE and --key FILE, or --psk-file FILE");
  ListenerFlags by_key{.listen = {"mqtts://localhost"}};
  by_key.tls.psk_file = "keys";
  EXPECT_EQ(settled(by_key), "1");
  by_key.psk_identity_is_user = true;
  EXPECT_TRUE(by_key.listeners(1883).at(0).psk_identity_is_user);
  by_key.tls.psk_file.clear();
  EXPECT_EQ(settled(by_key), "--psk-hint and --psk-identity-is-user need --psk-file FILE");
  EXPECT_EQ(settled({.listen = {"mqtts://localhost"}, .certificates = {"a"}, .keys = {"b"}}), "1");
  EXPECT_EQ(settled({.listen = {"mqtts://localhost"}, .certificates = {"a", "c"}, .keys = {"b"}}),
            "--cert and --key belong together: one key for each certificate");
  EXPECT_TRUE(settled({.certificates = {"a"}, .keys = {"b"}}).starts_with("certificates and "));
  EXPECT_TRUE(settled({.client_certificates = "required"}).starts_with("certificates and "));
  EXPECT_TRUE(settled({.certificate_is_user = true}).starts_with("--certificate-is-user needs"));
  EXPECT_TRUE(settled({.origins = {"https://a"}}).starts_with("--ws-origin needs"));
}

}  // namespace
}  // namespace mq::broker
