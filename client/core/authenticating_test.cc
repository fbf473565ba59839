// Enhanced authentication from the client's side (5.0, 4.12).
#include "client/core/client_fixture.h"
#include "protocol/scram/scram.h"

namespace mq::client {
namespace {

class Authenticating : public ClientFixture {
 protected:
  void SetUp() override {
    settings.user_name = "ann";
    settings.password = Bytes::copy("secret");
    settings.authentication_method = scram_sha_256;
    settings.reconnect.enabled = true;
  }

  static std::string data_of(const Properties& properties) {
    const Bytes* data = properties.binary(PropertyId::authentication_data);
    return data != nullptr ? std::string(data->text()) : "";
  }
  static Properties with(const std::string& data) {
    Properties properties;
    properties.add(PropertyId::authentication_method, std::string(scram_sha_256));
    properties.add(PropertyId::authentication_data, Bytes::copy(data));
    return properties;
  }
  std::string challenge_to(const std::string& first) {
    const auto challenge = server.emplace("server").first(first, [](const std::string& user) {
      EXPECT_EQ(user, "ann");
      return ScramServer::Looked{make_scram_credential("secret", "salt", 4096), true};
    });
    EXPECT_TRUE(challenge);
    return challenge.value_or("");
  }
  // Up to the broker's proof.
  std::string prove() {
    start();
    const auto connects = sent_of<Connect>();
    EXPECT_EQ(connects.size(), 1u);
    hear(Auth{ReasonCode::continue_authentication,
              with(challenge_to(data_of(connects.at(0).properties)))});
    EXPECT_EQ(sent_of<Auth>().size(), 1u);
    const auto proof = server->last(data_of(sent_of<Auth>().at(0).properties));
    EXPECT_TRUE(proof);
    return proof.value_or("");
  }

  void hear_proof(const std::string& proof) { hear(ConnAck{.properties = with(proof)}); }

  std::optional<ScramServer> server;
};

// v5 MQTT-4.12.0-1, -3, -5
TEST_F(Authenticating, ThePasswordIsProvedAndNeverSent) {
  const std::string proof = prove();
  EXPECT_FALSE(sent_of<Connect>().at(0).password);
  EXPECT_FALSE(sent_of<Connect>().at(0).user_name);
  EXPECT_EQ(sent_of<Auth>().at(0).reason, ReasonCode::continue_authentication);
  hear(ConnAck{.properties = with(proof)});
  EXPECT_TRUE(client->connected());
  for (const Packet& packet : sent) {
    const Bytes bytes = encode(packet, Version::v5);
    EXPECT_EQ(bytes.text().find("secret"), std::string_view::npos);
  }
}

TEST_F(Authenticating, ABrokerThatProvesNothingIsLeftForGood) {
  for (const bool has_data : {false, true}) {
    client.reset();
    prove();
    hear(has_data ? ConnAck{.properties = with("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")}
                  : ConnAck{});
    EXPECT_FALSE(client->connected());
    EXPECT_EQ(closed_because, Rule::auth_comes_in_turn);
    EXPECT_TRUE(news_of<Connected>().empty());
    give(LinkDown{});
    EXPECT_EQ(news_of<Stopped>().size(), 1u);
  }
}

TEST_F(Authenticating, ABrokerThatSkipsTheExchangeIsNotTrusted) {
  start();
  hear(ConnAck{});
  EXPECT_EQ(closed_because, Rule::auth_comes_in_turn);
  EXPECT_FALSE(client->connected());
}

TEST_F(Authenticating, EveryConnectionHasItsOwnNonce) {
  start();
  const std::string first = data_of(sent_of<Connect>().at(0).properties);
  cut();
  forget();
  wait_for_link();
  give(LinkUp{});
  EXPECT_NE(data_of(sent_of<Connect>().at(0).properties), first);
}

// v5 MQTT-4.12.0-5, -6
TEST_F(Authenticating, AuthOfAnotherMethodOrOutOfTurnEndsTheLink) {
  start();
  Properties other;
  other.add(PropertyId::authentication_method, std::string("OTHER"));
  hear(Auth{ReasonCode::continue_authentication, other});
  EXPECT_EQ(closed_because, Rule::auth_needs_a_method);

  client.reset();
  const std::string proof = prove();
  hear(Auth{ReasonCode::continue_authentication, with("again")});
  EXPECT_EQ(closed_because, Rule::auth_comes_in_turn);

  client.reset();
  hear_proof(prove());
  hear(Auth{ReasonCode::continue_authentication, with("nobody asked")});
  EXPECT_EQ(closed_because, Rule::auth_comes_in_turn);

  client.reset();
  settings.authentication_method.clear();
  start();
  hear(Auth{ReasonCode::continue_authentication, with("x")});
  EXPECT_EQ(closed_because, Rule::auth_needs_a_method);
}

TEST_F(Authenticating, ARefusalIsTold) {
  start();
  hear(ConnAck{.reason = ReasonCode::bad_authentication_method});
  ASSERT_EQ(news_of<Refused>().size(), 1u);
  EXPECT_TRUE(news_of<Refused>().at(0).final);
}

// v5 MQTT-4.12.1-1
TEST_F(Authenticating, ItAuthenticatesAgainOnOrder) {
  hear_proof(prove());
  give(AuthenticateOrder{});
  give(AuthenticateOrder{});  // one at a time
  ASSERT_EQ(sent_of<Auth>().size(), 2u);
  EXPECT_EQ(sent_of<Auth>().at(1).reason, ReasonCode::re_authenticate);
  hear(Auth{ReasonCode::continue_authentication,
            with(challenge_to(data_of(sent_of<Auth>().at(1).properties)))});
  const auto proof = server->last(data_of(sent_of<Auth>().at(2).properties));
  ASSERT_TRUE(proof);
  hear(Auth{ReasonCode::success, with(*proof)});
  EXPECT_EQ(news_of<Reauthenticated>().size(), 1u);
  EXPECT_TRUE(client->connected());
}

}  // namespace
}  // namespace mq::client
