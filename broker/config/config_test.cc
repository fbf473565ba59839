#include "broker/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace mq::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> told(const ReadConfig& read) {
  std::vector<std::string> lines;
  for (const Problem& problem : read.problems) lines.push_back(to_string(problem));
  return lines;
}

Config sound(std::string_view text) {
  ReadConfig read = parse_config(text, "a.conf");
  EXPECT_THAT(told(read), IsEmpty());
  return std::move(read.config);
}

std::vector<std::string> problems_of(std::string_view text) {
  return told(parse_config(text, "a.conf"));
}

TEST(Config, OfNothingListensOnLocalhost) {
  const Config config = sound("");
  ASSERT_THAT(config.listeners, SizeIs(1));
  EXPECT_EQ(config.listeners[0].options.address.host, "localhost");
  EXPECT_EQ(config.listeners[0].options.address.port, 1883);
}

TEST(Config, HasCommentsBlanksAndLineEndsOfEveryKind) {
  const Config config = sound(
      "\xEF\xBB\xBF# a comment\r\n\r\n  \tport\t 1884  \r\n   # another\n\nmax_packet_size 2000");
  EXPECT_EQ(config.listeners[0].options.address.port, 1884);
  EXPECT_EQ(config.settings.limits.packet_bytes, 2000u);
}

TEST(Config, HasSeveralListeners) {
  const Config config = sound("port 1\nlistener 1884 127.0.0.1\nlistener 1885\nsocket_domain ipv6");
  ASSERT_THAT(config.listeners, SizeIs(3));
  EXPECT_EQ(config.listeners[0].options.address.host, "");
  EXPECT_EQ(config.listeners[1].options.address.host, "127.0.0.1");
  EXPECT_EQ(config.listeners[2].options.address.port, 1885);
  EXPECT_EQ(config.listeners[1].options.family, ListenerOptions::Family::any);
  EXPECT_EQ(config.listeners[2].options.family, ListenerOptions::Family::ipv6);
}

TEST(Config, AKeyOfAListenerThatStandsBeforeAllListenersIsAnError) {
  EXPECT_THAT(problems_of("socket_domain ipv4\nlistener 1884"),
              ElementsAre(HasSubstr("a.conf:1:1: error: socket_domain belongs to no listener")));
}

TEST(Config, UnknownKeysAreWarningsThatGuessWhatWasMeant) {
  const ReadConfig read = parse_config("port 1883\n  listner 1884\nzzz 1", "a.conf");
  EXPECT_TRUE(read.usable());
  EXPECT_THAT(told(read), ElementsAre("a.conf:2:3: warning: \"listner\" is not known, did you mean "
                                      "listener?",
                                      "a.conf:3:1: warning: \"zzz\" is not known"));
}

TEST(Config, AFileOfSomethingElseIsNotGuessedAtForLong) {
  std::string text;
  for (int i = 0; i < 51; ++i) text += "listner 1884\n";
  const auto lines = problems_of(text);
  ASSERT_THAT(lines, SizeIs(51));
  EXPECT_THAT(lines[49], HasSubstr("did you mean"));
  EXPECT_THAT(lines[50], testing::EndsWith("is not known"));
}

TEST(Config, BadValuesAreErrorsThatNameThePlace) {
  EXPECT_THAT(problems_of("port  18x3"),
              ElementsAre("a.conf:1:7: error: port: expected a number from 0 to 65535, got "
                          "\"18x3\""));
  EXPECT_THAT(problems_of("port"), ElementsAre(HasSubstr("a.conf:1:5: error: port: expected a")));
  EXPECT_THAT(problems_of("port 65536"), SizeIs(1));
  EXPECT_THAT(problems_of("port -1"), SizeIs(1));
  EXPECT_THAT(problems_of("port 1\nport 2"), ElementsAre(HasSubstr("a.conf:2:1: error: port stands "
                                                                   "here twice")));
  EXPECT_THAT(problems_of("listener 1 a b"), SizeIs(1));
  EXPECT_THAT(problems_of("connection_messages yes"),
              ElementsAre(HasSubstr("expected true or false, got \"yes\"")));
  EXPECT_THAT(problems_of("log_type loud"), ElementsAre(HasSubstr("expected one of error, ")));
  EXPECT_FALSE(parse_config("port x", "a.conf").usable());
}

TEST(Config, AllThatIsWrongIsToldAtOnce) {
  EXPECT_THAT(problems_of("port x\nmax_packet_size 1\nplugin a.so"), SizeIs(3));
}

TEST(Config, AKeyWhoseAbsenceWouldLetSomebodyInIsAnError) {
  for (const char* key : {"plugin", "http_dir", "bridge_cafile", "plugin_opt_x"})
    EXPECT_FALSE(parse_config(std::string(key) + " x", "a.conf").usable()) << key;
  EXPECT_THAT(problems_of("dhparamfile x"), ElementsAre(HasSubstr("it has no effect")));
  EXPECT_THAT(problems_of("enable_control_api false"), IsEmpty());
  EXPECT_THAT(problems_of("enable_control_api true"), ElementsAre(HasSubstr("warning")));
}

TEST(Config, QueuesAreAsTheOperatorChooses) {
  const Settings settings = sound("").settings;
  EXPECT_FALSE(settings.queues_qos0);
  EXPECT_FALSE(settings.upgrades_qos);
  EXPECT_EQ(settings.limits.inflight_bytes, 0u);
  const Settings chosen =
      sound("queue_qos0_messages true\nupgrade_outgoing_qos true\nmax_inflight_bytes 500").settings;
  EXPECT_TRUE(chosen.queues_qos0);
  EXPECT_TRUE(chosen.upgrades_qos);
  EXPECT_EQ(chosen.limits.inflight_bytes, 500u);
}

TEST(Config, AListenerMayTakeConnectionsOfOneInterface) {
  const Config config = sound("listener 1883\nbind_interface eth0\nlistener 1884");
  EXPECT_EQ(config.listeners[0].options.interface, "eth0");
  EXPECT_EQ(config.listeners[1].options.interface, "");
  EXPECT_THAT(problems_of("listener 1883\nbind_interface fifteen-letters"), IsEmpty());
  EXPECT_THAT(problems_of("listener 1883\nbind_interface sixteen--letters"), SizeIs(1));
  EXPECT_THAT(problems_of("listener 1883\nbind_interface"), SizeIs(1));
  EXPECT_THAT(problems_of("listener 0 /run/x.sock\nbind_interface lo"),
              ElementsAre(HasSubstr("a Unix socket has no interface")));
}

TEST(Config, LogDestinationsReplaceTheDefaultAndAddUp) {
  EXPECT_TRUE(sound("").log.to_stderr);
  const LogConfig log = sound("log_dest file /var/log/my broker.log\nlog_dest syslog").log;
  EXPECT_FALSE(log.to_stderr);
  EXPECT_TRUE(log.to_syslog);
  EXPECT_EQ(log.file, "/var/log/my broker.log");
  EXPECT_FALSE(sound("log_dest none").log.to_stderr);
  EXPECT_TRUE(sound("log_dest topic").log.to_topic);
  EXPECT_THAT(problems_of("log_dest file"), SizeIs(1));
}

TEST(Config, LogTypesReplaceTheDefaultAndAddUp) {
  EXPECT_TRUE(sound("").log.types.information);
  const auto types = sound("log_type error\nlog_type debug").log.types;
  EXPECT_TRUE(types.error);
  EXPECT_TRUE(types.debug);
  EXPECT_FALSE(types.information);
  EXPECT_TRUE(sound("log_type all").log.types.subscribe);
  EXPECT_FALSE(sound("log_type none").log.types.error);
}

TEST(Config, TimesOfLogsHaveAFormat) {
  EXPECT_EQ(sound("").log.time, LogConfig::Time::iso8601);
  EXPECT_EQ(sound("log_timestamp false").log.time, LogConfig::Time::none);
  EXPECT_EQ(sound("log_timestamp_format %H:%M\nlog_timestamp true").log.time,
            LogConfig::Time::custom);
}

TEST(Config, SpansOfTimeHaveAUnit) {
  const Settings settings = sound("persistent_client_expiration 14d").settings;
  EXPECT_EQ(settings.session_expiry_3_1_1, std::chrono::hours(14 * 24));
  EXPECT_EQ(settings.limits.session_expiry, std::chrono::hours(14 * 24));
  EXPECT_EQ(sound("persistent_client_expiration 135y").settings.session_expiry_3_1_1,
            std::chrono::hours(24 * 365 * 135));
  for (const char* bad : {"14", "d", "0d", "-1d", "137y", "1.5d", "14 d"})
    EXPECT_THAT(problems_of(std::string("persistent_client_expiration ") + bad), SizeIs(1)) << bad;
}

TEST(Config, ZeroMeansWhatItMeansInMosquitto) {
  const Limits limits = sound("max_inflight_messages 0\nmax_queued_messages 0").settings.limits;
  EXPECT_EQ(limits.inflight_messages, 0xFFFF);
  EXPECT_EQ(limits.queued_messages, SIZE_MAX);
  EXPECT_THAT(problems_of("max_queued_bytes 0"), ElementsAre(HasSubstr("it stays 4194304")));
}

TEST(ConfigText, HasLimitsOnLinesAndBytesAndSettings) {
  const std::string longest =
      "log_timestamp_format " + std::string(config_line_bytes_max - 21, 'x');
  EXPECT_THAT(problems_of(longest), IsEmpty());
  EXPECT_THAT(problems_of(longest + "x"), ElementsAre(HasSubstr("more than 4096 bytes")));
  std::string comments(config_file_bytes_max, '\n');
  EXPECT_THAT(problems_of(comments), IsEmpty());
  EXPECT_THAT(problems_of(comments + "\n"), ElementsAre(HasSubstr("more than 1048576 bytes")));
  std::string settings;
  for (std::size_t i = 0; i < config_entries_max; ++i) settings += "log_type all\n";
  EXPECT_THAT(problems_of(settings), IsEmpty());
  EXPECT_THAT(problems_of(settings + "log_type all"), ElementsAre(HasSubstr("10000 settings")));
}

TEST(ConfigText, WhatMovesATerminalIsRefusedAndNotRepeated) {
  const auto told = problems_of("port 1\x1b[2J");
  ASSERT_THAT(told, ElementsAre("a.conf:1:7: error: a control character"));
  const Problem hostile{Problem::Kind::error, {"a\x1b", 1, 1}, "b\n"};
  EXPECT_EQ(to_string(hostile), "a?:1:1: error: b?");
}

TEST(Config, AListenerThatWasMeantToSpeakTlsNeverSpeaksWithout) {
  const Config config = sound(
      "listener 8883\ncertfile a.pem\nkeyfile a.key\ncafile ca.pem\nrequire_certificate true\n"
      "use_identity_as_username true\ntls_version tlsv1.3\nlistener 1883");
  const ListenerOptions& options = config.listeners[0].options;
  ASSERT_TRUE(options.tls);
  EXPECT_EQ(options.tls->pairs.at(0).certificate_file, "a.pem");
  EXPECT_EQ(options.tls->pairs.at(0).key_file, "a.key");
  EXPECT_EQ(options.tls->ca_file, "ca.pem");
  EXPECT_EQ(options.tls->version_min, transport::TlsVersion::v1_3);
  EXPECT_EQ(options.tls->client_certificate,
            transport::TlsServerOptions::ClientCertificate::required);
  EXPECT_TRUE(options.certificate_is_user);
  EXPECT_FALSE(config.listeners[1].options.tls);
  for (const char* bad :
       {"certfile a", "keyfile a", "cafile a", "require_certificate true", "ciphers x",
        "use_identity_as_username true", "certfile a\nkeyfile b\nrequire_certificate true"})
    EXPECT_FALSE(parse_config(std::string("listener 8883\n") + bad, "a.conf").usable()) << bad;
  EXPECT_THAT(problems_of("certfile a\nkeyfile b\nlistener 8883"),
              ElementsAre(HasSubstr("certfile belongs to no listener"),
                          HasSubstr("keyfile belongs to no listener")));
}

// Of mosquitto's listeners each has its own.
TEST(Config, WhatHoldsForAllListenersIsSaidWhereItSeemsToBeOfOne) {
  EXPECT_THAT(problems_of("listener 1\nlistener 2\nmax_qos 1\nmax_topic_alias 2\n"
                          "use_username_as_clientid true"),
              ElementsAre(HasSubstr("3:1: warning: max_qos holds for all listeners"),
                          HasSubstr("4:1: warning: max_topic_alias holds"),
                          HasSubstr("5:1: warning: use_username_as_clientid holds")));
  EXPECT_THAT(problems_of("listener 1\nmax_qos 1"), ElementsAre());
  EXPECT_THAT(problems_of("max_qos 1\nlistener 1\nlistener 2"), ElementsAre());
}

TEST(Config, AListenerHasACertificateForEachOfItsNames) {
  for (const char* order : {"certfile a\nkeyfile ka\ncertfile b\nkeyfile kb",
                            "certfile a\ncertfile b\nkeyfile ka\nkeyfile kb",
                            "keyfile ka\ncertfile a\nkeyfile kb\ncertfile b"}) {
    const Config config =
        sound(std::string("listener 8883\n") + order + "\nlistener 8884\ncertfile c\nkeyfile kc");
    const auto& pairs = config.listeners[0].options.tls->pairs;
    ASSERT_EQ(pairs.size(), 2u) << order;
    EXPECT_EQ(pairs[0].certificate_file, "a");
    EXPECT_EQ(pairs[0].key_file, "ka");
    EXPECT_EQ(pairs[1].certificate_file, "b");
    EXPECT_EQ(pairs[1].key_file, "kb");
    EXPECT_EQ(config.listeners[1].options.tls->pairs.size(), 1u);
  }
  EXPECT_THAT(problems_of("listener 8883\ncertfile a\nkeyfile ka\ncertfile b"),
              ElementsAre(HasSubstr("as many of the one as of the other")));
}

TEST(Config, AListenerMayGoByPreSharedKeys) {
  const Config config = sound(
      "psk_file keys\nlistener 8883\npsk_hint here\nuse_identity_as_username true\n"
      "listener 8884\ncertfile a\nkeyfile b");
  EXPECT_EQ(config.listeners[0].options.tls->psk_file, "keys");
  EXPECT_EQ(config.listeners[0].options.tls->psk_hint, "here");
  EXPECT_TRUE(config.listeners[0].options.psk_identity_is_user);
  EXPECT_FALSE(config.listeners[0].options.certificate_is_user);
  EXPECT_EQ(config.listeners[1].options.tls->psk_file, "");
  EXPECT_THAT(problems_of("psk_file x\nlistener 1"), ElementsAre(HasSubstr("has a psk_hint")));
  const Config apart = sound(
      "per_listener_settings true\npsk_file all\nlistener 1\npsk_hint a\nlistener 2\n"
      "psk_hint b\npsk_file own");
  EXPECT_EQ(apart.listeners[0].options.tls->psk_file, "all");
  EXPECT_EQ(apart.listeners[1].options.tls->psk_file, "own");
  EXPECT_THAT(problems_of("per_listener_settings true\nlistener 1\npsk_hint a\npsk_file x\n"
                          "psk_file y\nlistener 2\npsk_file z"),
              testing::UnorderedElementsAre(HasSubstr("a.conf:5:10: error: psk_file: it was x"),
                                            HasSubstr("its listener has no psk_hint")));
  EXPECT_THAT(problems_of("listener 1\npsk_hint x"),
              testing::Contains(HasSubstr("psk_hint needs psk_file")));
  EXPECT_THAT(problems_of("psk_file x\nlistener 1\npsk_hint x\ncertfile a\nkeyfile b"),
              ElementsAre(HasSubstr("not by both")));
}

TEST(Config, ListenersSpeakWebSocketBehindAProxyAndOnUnixSockets) {
  const Config config = sound(
      "listener 0 /run/mqtt.sock\nlistener 8080\nprotocol websockets\n"
      "websockets_origin https://a.example\nproxy_protocol_version 2");
  EXPECT_EQ(config.listeners[0].options.address.unix_path, "/run/mqtt.sock");
  ASSERT_TRUE(config.listeners[1].options.websocket);
  EXPECT_THAT(config.listeners[1].options.websocket->origins, ElementsAre("https://a.example"));
  EXPECT_TRUE(config.listeners[1].options.proxy_protocol);
  EXPECT_THAT(problems_of("listener 1 /run/x"), ElementsAre(HasSubstr("expected port 0")));
}

TEST(Config, AnonymousClientsCanBeAMatterOfTheListener) {
  const Config config = sound(
      "per_listener_settings true\nlistener 1883\nallow_anonymous true\nlistener 1884\n"
      "allow_anonymous false\nlistener 1885\nlistener_allow_anonymous true");
  EXPECT_EQ(config.listeners[0].options.anonymous, true);
  EXPECT_EQ(config.listeners[1].options.anonymous, false);
  EXPECT_EQ(config.listeners[2].options.anonymous, true);
  EXPECT_EQ(config.access.anonymous, std::nullopt);
  const Config shared = sound("listener 1883\nallow_anonymous true\npassword_file x");
  EXPECT_EQ(shared.access.anonymous, true);
  EXPECT_EQ(shared.listeners[0].options.anonymous, std::nullopt);
}

TEST(Config, UsersAndRulesCanBeAMatterOfTheListener) {
  const Config config = sound(
      "per_listener_settings true\nlistener 1883\nallow_anonymous true\nlistener 8883\n"
      "password_file users\nacl_file rules\nlistener 8884\npassword_file other users");
  EXPECT_EQ(config.access.password_file, "");
  EXPECT_EQ(config.access.acl_file, "");
  const char* passwords[] = {"", "users", "other users"};
  const char* rules[] = {"", "rules", ""};
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(config.listeners[i].options.own_access);
    EXPECT_EQ(config.listeners[i].options.own_access->password_file, passwords[i]);
    EXPECT_EQ(config.listeners[i].options.own_access->acl_file, rules[i]);
  }
  // Wherever it stands.
  EXPECT_THAT(problems_of("listener 1\nacl_file x\nlistener 2\nacl_file y\n"
                          "per_listener_settings true"),
              IsEmpty());
  EXPECT_THAT(problems_of("per_listener_settings true\nlistener 1\nacl_file x\nacl_file y"),
              ElementsAre(HasSubstr("a.conf:4:10: error: acl_file: it was x before")));
  EXPECT_THAT(problems_of("listener 1\npassword_file x\nlistener 2\npassword_file y"),
              ElementsAre(HasSubstr("only with per_listener_settings true")));
  const Config shared = sound("acl_file x\nlistener 1883\nlistener 1884");
  EXPECT_EQ(shared.access.acl_file, "x");
  EXPECT_FALSE(shared.listeners[0].options.own_access);
}

TEST(Config, TopicsOfAListenerCanBeMounted) {
  const Config config = sound("listener 1883\nmount_point site/a/\nlistener 1884");
  EXPECT_EQ(config.listeners[0].options.mount_point, "site/a/");
  EXPECT_EQ(config.listeners[1].options.mount_point, "");
  const std::string longest = std::string(1023, 'x') + "/";
  EXPECT_THAT(problems_of("listener 1\nmount_point " + longest), IsEmpty());
  for (const std::string& bad :
       {std::string("site"), std::string("+/"), std::string("$SYS/"), std::string(), "x" + longest})
    EXPECT_THAT(problems_of("listener 1\nmount_point " + bad),
                ElementsAre(HasSubstr("expected the beginning of a topic")));
}

TEST(Config, NamesVersionsAndSizesAreSettings) {
  const Config config = sound(
      "accept_protocol_versions 4, 5\nclientid_prefixes dev-\nclientid_prefixes ops-\n"
      "use_username_as_clientid true\nmessage_size_limit 1000\nlistener 8883\ncertfile a\n"
      "keyfile b\ncafile c\nrequire_certificate true\nuse_subject_as_username true");
  EXPECT_THAT(config.settings.versions, ElementsAre(Version::v3_1_1, Version::v5));
  EXPECT_THAT(config.settings.client_id_prefixes, ElementsAre("dev-", "ops-"));
  EXPECT_TRUE(config.settings.user_is_client_id);
  EXPECT_EQ(config.settings.limits.payload_bytes, 1000u);
  EXPECT_TRUE(config.listeners[0].options.subject_is_user);
  EXPECT_EQ(sound("message_size_limit 0").settings.limits.payload_bytes, 0u);
  for (const char* bad : {"", "6", "3,x"})
    EXPECT_THAT(problems_of(std::string("accept_protocol_versions ") + bad),
                ElementsAre(HasSubstr("expected 3, 4 and 5")));
  EXPECT_THAT(problems_of("listener 1\ncertfile a\nkeyfile b\nuse_subject_as_username true"),
              ElementsAre(HasSubstr("use_subject_as_username needs require_certificate true")));
}

TEST(Config, KnowsWhatAReloadDoesNotChange) {
  const Config running = sound("listener 1883\nmax_packet_size 2000\nmax_queued_messages 5");
  EXPECT_THAT(needs_restart(running, running), IsEmpty());
  EXPECT_THAT(needs_restart(running, sound("listener 1883\nmax_packet_size 2000")), IsEmpty());
  EXPECT_THAT(needs_restart(running, sound("listener 1884\npid_file x")),
              ElementsAre("listener", "max_packet_size", "pid_file"));
}

class ConfigFiles : public testing::Test {
 protected:
  ConfigFiles() {
    std::string pattern = testing::TempDir() + "mqttlab-config-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ConfigFiles() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::filesystem::path folder_;
};

TEST_F(ConfigFiles, OfAnIncludeDirAreReadInTheOrderOfTheirNames) {
  const std::string main = write("main.conf", "include_dir more.d\nlistener 9");
  for (const char* name : {"b", "A", "01", "a", "B", "00"})
    write(std::string("more.d/") + name + ".conf", "listener " + std::to_string(*name));
  write("more.d/other.txt", "nonsense");
  const ReadConfig read = read_config(main);
  EXPECT_THAT(told(read), IsEmpty());
  std::vector<int> ports;
  for (const auto& listener : read.config.listeners) ports.push_back(listener.options.address.port);
  EXPECT_THAT(ports, ElementsAre('0', '0', 'A', 'a', 'B', 'b', 9));
}

TEST_F(ConfigFiles, AreNamedInProblems) {
  const std::string main = write("main.conf", "include_dir more.d");
  const std::string part = write("more.d/x.conf", "\ninclude_dir y");
  EXPECT_THAT(told(read_config(main)),
              ElementsAre(part + ":2:1: error: include_dir stands in the main file only"));
}

TEST_F(ConfigFiles, OfAnIncludeDirDoNotLeadOutOfIt) {
  const std::string main = write("main.conf", "include_dir more.d");
  write("secret.conf", "port 1");
  write("more.d/inside", "port 2");
  std::filesystem::create_symlink("../secret.conf", folder_ / "more.d/x.conf");
  std::filesystem::create_symlink("inside", folder_ / "more.d/y.conf");
  const ReadConfig read = read_config(main);
  EXPECT_THAT(told(read), ElementsAre(HasSubstr("x.conf leads out of")));
  EXPECT_EQ(read.config.listeners[0].options.address.port, 2);
}

TEST_F(ConfigFiles, ThatCannotBeReadAreErrors) {
  EXPECT_THAT(told(read_config(folder_ / "none.conf")), ElementsAre(HasSubstr("cannot read")));
  EXPECT_THAT(told(read_config(folder_)), ElementsAre(HasSubstr("cannot read")));
  const std::string main = write("main.conf", "include_dir none.d");
  EXPECT_THAT(told(read_config(main)),
              ElementsAre(HasSubstr("main.conf:1:13: error: include_dir")));
}

}  // namespace
}  // namespace mq::broker
