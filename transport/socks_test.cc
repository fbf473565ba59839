// SOCKS5 as a layer, with a proxy by hand.
#include "transport/socks.h"

#include <gtest/gtest.h>

#include "transport/testing/layer_pair.h"

namespace mq::transport {
namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

const SocksClientOptions by_name{.host = "broker.test", .port = 1883};
const std::string granted = bytes({5, 0, 0, 1, 10, 0, 0, 1, 4, 0});

LayerEnd client(SocksClientOptions options) {
  LayerEnd end(socks_client_layer(std::move(options)));
  end.begin();
  return end;
}

// RFC 1928, 3 to 6
TEST(Socks, TheProxyIsToldTheNameAndResolvesIt) {
  LayerEnd end = client(by_name);
  EXPECT_EQ(end.take(), bytes({5, 1, 0}));
  end.hear(bytes({5, 0}));
  EXPECT_EQ(end.take(), bytes({5, 1, 0, 3, 11}) + "broker.test" + bytes({7, 91}));
  end.hear(granted + "first");
  EXPECT_EQ(end.times_opened, 1);
  EXPECT_EQ(end.received, "first");
  end.hear(" second");
  EXPECT_EQ(end.received, "first second");
  end.say("hello");
  EXPECT_EQ(end.take(), "hello");
}

TEST(Socks, AnAddressIsSentAsOne) {
  LayerEnd v4 = client({.host = "192.0.2.7", .port = 1});
  v4.take();
  v4.hear(bytes({5, 0}));
  EXPECT_EQ(v4.take(), bytes({5, 1, 0, 1, 192, 0, 2, 7, 0, 1}));
  LayerEnd v6 = client({.host = "::1", .port = 1});
  v6.take();
  v6.hear(bytes({5, 0}));
  EXPECT_EQ(v6.take(), bytes({5, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1}));
}

// RFC 1929
TEST(Socks, UserAndPasswordAreSentToAProxyThatAsksForThem) {
  SocksClientOptions options = by_name;
  options.user = "u";
  options.password = "pw";
  LayerEnd end = client(options);
  EXPECT_EQ(end.take(), bytes({5, 2, 0, 2}));
  end.hear(bytes({5, 2}));
  EXPECT_EQ(end.take(), bytes({1, 1}) + "u" + bytes({2}) + "pw");
  end.hear(bytes({1, 0}));
  EXPECT_EQ(end.take().substr(0, 4), bytes({5, 1, 0, 3}));
  LayerEnd open = client(options);
  open.take();
  open.hear(bytes({5, 0}));
  EXPECT_EQ(open.take().substr(0, 4), bytes({5, 1, 0, 3}));
}

TEST(Socks, WhatComesInPiecesIsNoOther) {
  const std::string named = bytes({5, 0, 0, 3, 2}) + "ab" + bytes({0, 1});
  const std::string v6 = bytes({5, 0, 0, 4}) + std::string(18, 'x');
  for (const std::string& reply : {granted, named, v6}) {
    LayerEnd end = client(by_name);
    for (const char c : bytes({5, 0}) + reply + "rest") end.hear(std::string(1, c));
    EXPECT_EQ(end.times_opened, 1);
    EXPECT_EQ(end.received, "rest");
  }
}

TEST(Socks, ARefusalSaysWhy) {
  const auto refusal = [](const SocksClientOptions& options, const std::string& heard) {
    LayerEnd end = client(options);
    end.hear(heard);
    EXPECT_EQ(end.times_opened, 0);
    end.hear("more");
    EXPECT_EQ(end.received, "");
    return end.failure;
  };
  SocksClientOptions with_user = by_name;
  with_user.user = "u";
  EXPECT_EQ(refusal(by_name, "HTTP/1.1 400"), "the SOCKS proxy: it does not speak SOCKS5");
  EXPECT_EQ(refusal(by_name, bytes({5, 0xFF})),
            "the SOCKS proxy: it wants a user name and a password");
  EXPECT_EQ(refusal(by_name, bytes({5, 2})),
            "the SOCKS proxy: it wants a user name and a password");
  EXPECT_EQ(refusal(with_user, bytes({5, 0xFF})),
            "the SOCKS proxy: it wants another way to log in than a password");
  EXPECT_EQ(refusal(with_user, bytes({5, 2, 1, 1})),
            "the SOCKS proxy: user name or password are refused");
  EXPECT_EQ(refusal(by_name, bytes({5, 0, 5, 5})), "the SOCKS proxy: the connection was refused");
  EXPECT_EQ(refusal(by_name, bytes({5, 0, 5, 0, 0, 9, 0})),
            "the SOCKS proxy: an answer that is none");
}

}  // namespace
}  // namespace mq::transport
