#include "protocol/scram/scram.h"

#include <gtest/gtest.h>

namespace mq {
namespace {

// The exchange of RFC 7677, section 3.
constexpr const char* rfc_client_nonce = "rOprNGfwEbeRWgbNEkqO";
constexpr const char* rfc_server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr const char* rfc_client_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr const char* rfc_server_first =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr const char* rfc_client_last =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr const char* rfc_server_last = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramCredential rfc_credential() {
  return make_scram_credential("pencil", *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
}

ScramServer::LookUp knows(ScramCredential credential, bool known = true) {
  return [=](const std::string&) { return ScramServer::Looked{credential, known}; };
}

TEST(Scram, TheClientSaysWhatTheRfcSays) {
  ScramClient client("user", "pencil", rfc_client_nonce);
  EXPECT_EQ(client.first(), rfc_client_first);
  EXPECT_EQ(client.last(rfc_server_first), rfc_client_last);
  EXPECT_TRUE(client.trusts(rfc_server_last));
}

TEST(Scram, TheServerSaysWhatTheRfcSays) {
  ScramServer server(rfc_server_nonce);
  EXPECT_EQ(server.first(rfc_client_first, knows(rfc_credential())), rfc_server_first);
  EXPECT_EQ(server.last(rfc_client_last), rfc_server_last);
  EXPECT_EQ(server.user(), "user");
}

TEST(Scram, AnUnknownUserLooksLikeAWrongPassword) {
  ScramServer server(rfc_server_nonce);
  EXPECT_EQ(server.first(rfc_client_first, knows(rfc_credential(), false)), rfc_server_first);
  EXPECT_FALSE(server.last(rfc_client_last));
}

TEST(Scram, AWrongPasswordIsNoProof) {
  ScramClient client("user", "pencils", rfc_client_nonce);
  client.first();
  ScramServer server(rfc_server_nonce);
  server.first(rfc_client_first, knows(rfc_credential()));
  EXPECT_FALSE(server.last(*client.last(rfc_server_first)));
  EXPECT_FALSE(client.trusts(rfc_server_last));
}

TEST(Scram, NamesMayHoldCommasAndEqualSigns) {
  ScramClient client("a=b,c\xC3\xA4", "p", "n0nce");
  ScramServer server("other");
  const auto credential = make_scram_credential("p", "salt", 4096);
  const auto challenge = server.first(client.first(), knows(credential));
  ASSERT_TRUE(challenge);
  EXPECT_EQ(server.user(), "a=b,c\xC3\xA4");
  const auto proof = server.last(*client.last(*challenge));
  ASSERT_TRUE(proof);
  EXPECT_TRUE(client.trusts(*proof));
}

TEST(Scram, MessagesThatAreNoneAreRefused) {
  for (const char* first :
       {"", "n,,", "n,,n=user", "n,,n=,r=x", "n,,n=us=er,r=x", "n,,r=x,n=user",
        "n,,n=user,r=", "p=tls-unique,,n=user,r=x", "n,a=admin,n=user,r=x", "n,,n=\xFF,r=x",
        "n,,n=user,r=a b", "n,,m=x,n=user,r=x", "x,,n=user,r=x"}) {
    ScramServer server("s");
    EXPECT_FALSE(server.first(first, knows(rfc_credential()))) << first;
    EXPECT_FALSE(server.last(rfc_client_last)) << first;
  }
  for (const char* first : {"", "r=x", "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                            "r=otherS,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095",
                            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=10000001",
                            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=",
                            "r=rOprNGfwEbeRWgbNEkqOx,s=%,i=5000"}) {
    ScramClient client("user", "pencil", rfc_client_nonce);
    client.first();
    EXPECT_FALSE(client.last(first)) << first;
  }
  const std::string right = rfc_client_last;
  for (const std::string& last :
       {std::string(), right.substr(0, right.size() - 1), "c=eSws" + right.substr(6),
        right.substr(0, 20) + "x" + right.substr(21), right + "x", right.substr(0, 60)}) {
    ScramServer server(rfc_server_nonce);
    server.first(rfc_client_first, knows(rfc_credential()));
    EXPECT_FALSE(server.last(last)) << last;
  }
  ScramClient early("user", "pencil", rfc_client_nonce);
  EXPECT_FALSE(early.trusts(rfc_server_last));
}

TEST(Scram, ACredentialComesBackFromItsText) {
  const auto credential = rfc_credential();
  const std::string text = to_text(credential);
  EXPECT_EQ(
      text,
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
      "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
  EXPECT_EQ(scram_credential_of(text), credential);
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(scram_credential_of(text.substr(0, length))) << length;
  EXPECT_FALSE(scram_credential_of(text + "A"));
  EXPECT_TRUE(scram_password_is(credential, "pencil"));
  EXPECT_FALSE(scram_password_is(credential, "Pencil"));
}

TEST(Base64, IsExact) {
  for (const char* bytes : {"f", "fo", "foo", "foob", "fooba", "foobar"})
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
  for (const char* text : {"", "Zg", "Zg=", "Zg===", " Zg=", "Zg=\n", "Zh==", "Z===", "Zg==Zg=="})
    EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace mq
