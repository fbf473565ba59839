// WebSocket as a layer, and frames by hand.
#include "transport/websocket.h"

#include <gtest/gtest.h>

#include "transport/testing/layer_pair.h"
#include "transport/websocket_frame.h"
#include "transport/websocket_handshake.h"

namespace mq::transport {
namespace {

const std::string request =
    "GET /mqtt HTTP/1.1\r\nHost: broker.test\r\nUpgrade: websocket\r\nConnection: "
    "keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqttv3.1, mqtt\r\n\r\n";

std::string with(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

std::string frame(unsigned first, const std::string& payload, bool masked = true) {
  std::string made(1, static_cast<char>(first));
  const char mask_bit = masked ? '\x80' : '\0';
  if (payload.size() < 126) {
    made += static_cast<char>(mask_bit | static_cast<char>(payload.size()));
  } else if (payload.size() <= 0xFFFF) {
    made += static_cast<char>(mask_bit | 126);
    made += static_cast<char>(payload.size() >> 8);
    made += static_cast<char>(payload.size());
  } else {
    made += static_cast<char>(mask_bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8)
      made += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift);
  }
  const std::string mask = "\x11\x22\x33\x44";
  if (masked) made += mask;
  for (std::size_t i = 0; i < payload.size(); ++i)
    made += static_cast<char>(masked ? payload[i] ^ mask[i % 4] : payload[i]);
  return made;
}
std::string close_frame(unsigned code, bool masked = false) {
  return frame(0x88, {static_cast<char>(code >> 8), static_cast<char>(code)}, masked);
}

LayerEnd open_server(WebSocketServerOptions options = {}) {
  LayerEnd server(websocket_server_layer(std::move(options)));
  server.begin();
  server.hear(request);
  EXPECT_EQ(server.times_opened, 1) << server.failure;
  server.take();
  return server;
}

std::string status_of(const std::string& text, WebSocketServerOptions options = {}) {
  return answer_handshake(text, options).response.substr(9, 3);
}

// v5 MQTT-6.0.0-3, MQTT-6.0.0-4
TEST(WebSocketHandshake, IsAnsweredWithTheSubprotocolMqtt) {
  LayerEnd server(websocket_server_layer({}));
  server.begin();
  server.hear(request);
  EXPECT_EQ(server.out,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: mqtt\r\n\r\n");
  EXPECT_EQ(server.times_opened, 1);
  EXPECT_TRUE(server.facts().websocket);
  EXPECT_NE(answer_handshake(with(request, "mqttv3.1, mqtt", "mqttv3.1"), {})
                .response.find("Protocol: mqttv3.1\r\n"),
            std::string::npos);
}

TEST(WebSocketHandshake, IsRefusedWithTheStatusThatSaysWhy) {
  EXPECT_EQ(status_of(request), "101");
  EXPECT_EQ(status_of(with(request, "mqttv3.1, mqtt", "chat")), "400");
  EXPECT_EQ(status_of(with(request, "Sec-WebSocket-Protocol: mqttv3.1, mqtt\r\n", "")), "400");
  EXPECT_EQ(status_of(with(request, "Version: 13", "Version: 8")), "426");
  EXPECT_EQ(status_of(with(request, "Upgrade: websocket\r\n", "")), "426");
  EXPECT_EQ(status_of(with(request, "keep-alive, Upgrade", "keep-alive")), "426");
  EXPECT_EQ(status_of(with(request, "GET", "POST")), "405");
  EXPECT_EQ(status_of(with(request, "HTTP/1.1", "HTTP/1.0")), "400");
  EXPECT_EQ(status_of(with(request, "Host: broker.test\r\n", "")), "400");
  EXPECT_EQ(status_of(with(request, "dGhlIHNhbXBsZSBub25jZQ==", "short")), "400");
  EXPECT_EQ(status_of("GET\r\n\r\n"), "400");
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "426");
}

TEST(WebSocketHandshake, AsksForThePathAndTheOriginThatTheListenerHas) {
  EXPECT_EQ(status_of(request, {.path = "/mqtt"}), "101");
  EXPECT_EQ(status_of(with(request, "/mqtt", "/mqtt?token=x"), {.path = "/mqtt"}), "101");
  EXPECT_EQ(status_of(request, {.path = "/other"}), "404");
  const WebSocketServerOptions ours{.origins = {"https://ours.test"}};
  EXPECT_EQ(status_of(request, ours), "403");
  EXPECT_EQ(status_of(with(request, "\r\n\r\n", "\r\nOrigin: https://evil.test\r\n\r\n"), ours),
            "403");
  EXPECT_EQ(status_of(with(request, "\r\n\r\n", "\r\nOrigin: https://ours.test\r\n\r\n"), ours),
            "101");
}

TEST(WebSocketHandshake, EndsAtOnceForWhoSpeaksNoHttp) {
  LayerEnd server(websocket_server_layer({}));
  server.begin();
  server.hear(std::string("\x10\x0c\0\4MQTT", 8));
  EXPECT_EQ(server.failure,
            "WebSocket handshake: the peer does not speak HTTP, so no WebSocket either");
  EXPECT_TRUE(server.out.starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

TEST(WebSocketHandshake, HasALimit) {
  const auto long_request = [](std::size_t size) {
    std::string text = with(request, "\r\n\r\n", "\r\nX: \r\n\r\n");
    return with(text, "X: ", "X: " + std::string(size - text.size(), 'x'));
  };
  LayerEnd at_limit(websocket_server_layer({}));
  at_limit.hear(long_request(http_header_bytes_max));
  EXPECT_EQ(at_limit.times_opened, 1) << at_limit.failure;
  LayerEnd past(websocket_server_layer({}));
  past.hear(long_request(http_header_bytes_max + 1));
  EXPECT_EQ(past.times_opened, 0);
  EXPECT_TRUE(past.out.starts_with("HTTP/1.1 431 ")) << past.out;
}

TEST(WebSocket, CarriesBytesBothWaysInPiecesOfAnySize) {
  const std::string large(200'000, 'x');
  for (const std::size_t piece : {std::size_t{1}, std::size_t{13}, std::size_t{1} << 20}) {
    LayerEnd server(websocket_server_layer({}));
    LayerEnd client(websocket_client_layer({.host = "broker.test"}, Rng(1)));
    server.begin();
    client.begin();
    converse(client, server, piece);
    ASSERT_EQ(client.times_opened, 1) << client.failure;
    ASSERT_EQ(server.times_opened, 1) << server.failure;
    for (const std::string& text : {std::string("a"), std::string(125, 'b'), std::string(126, 'c'),
                                    std::string(65535, 'd'), std::string(65536, 'e'), large}) {
      client.received.clear();
      server.received.clear();
      client.say(text);
      server.say(text);
      converse(client, server, piece);
      EXPECT_EQ(server.received, text);
      EXPECT_EQ(client.received, text);
    }
    client.close();
    converse(client, server, piece);
    EXPECT_TRUE(server.left);
  }
}

// v5 MQTT-6.0.0-2: frames and packets have nothing to do with each other.
TEST(WebSocket, FramesMayBeCutAnywhere) {
  LayerEnd server = open_server();
  server.hear(frame(0x02, "a") + frame(0x89, "ping") + frame(0x00, "") + frame(0x80, "b") +
              frame(0x82, "") + frame(0x82, "c"));
  EXPECT_EQ(server.received, "abc");
  EXPECT_EQ(server.take(), frame(0x8A, "ping", false));
}

TEST(WebSocket, WhatComesWithTheHandshakeIsNotLost) {
  LayerEnd server(websocket_server_layer({}));
  server.begin();
  server.hear(request + frame(0x82, "early"));
  EXPECT_EQ(server.received, "early");
}

// v5 MQTT-6.0.0-1
TEST(WebSocket, ATextFrameClosesWith1003) {
  LayerEnd server = open_server();
  server.hear(frame(0x81, "text"));
  EXPECT_EQ(server.failure, "WebSocket: MQTT comes in binary frames, not in text");
  EXPECT_EQ(server.take(), close_frame(1003));
  EXPECT_EQ(server.received, "");
}

TEST(WebSocket, ABrokenFrameClosesWith1002AndNothingMoreIsRead) {
  const struct {
    const char* name;
    std::string bytes;
  } cases[] = {
      {"without a mask", frame(0x82, "x", false)},
      {"with a reserved bit", frame(0xC2, "x")},
      {"with an unknown opcode", frame(0x83, "x")},
      {"that continues nothing", frame(0x80, "x")},
      {"within another message", frame(0x02, "") + frame(0x82, "x")},
      {"of control, fragmented", frame(0x09, "x")},
      {"of control, too long", frame(0x89, std::string(126, 'x'))},
      {"with a length in 2 bytes that needs 1", std::string("\x82\xFE\0\x7D", 4)},
      {"with a length in 8 bytes that needs 2", std::string("\x82\xFF\0\0\0\0\0\0\xFF\xFF", 10)},
      {"with a length above 2^63", std::string("\x82\xFF\x80\0\0\0\0\0\0\0", 10)},
      {"of close, with one byte", frame(0x88, "x")},
      {"of close, with a code that nobody may send", close_frame(1005, true)},
  };
  for (const auto& one : cases) {
    LayerEnd server = open_server();
    std::string bytes = one.bytes;
    if (bytes.size() <= 10 && (bytes[1] & 0x7F) > 125) bytes += std::string(4, '\0');
    server.hear(bytes + frame(0x82, "more"));
    server.hear(frame(0x82, "still more"));
    EXPECT_NE(server.failure, "") << one.name;
    EXPECT_EQ(server.take(), close_frame(1002)) << one.name;
    EXPECT_EQ(server.received, "") << one.name;
  }
}

TEST(WebSocket, AFrameHasALimitThatIsKnownBeforeItsBytesCome) {
  const WebSocketServerOptions options{.frame_bytes_max = 200};
  LayerEnd at_limit = open_server(options);
  at_limit.hear(frame(0x82, std::string(200, 'x')));
  EXPECT_EQ(at_limit.received.size(), 200u);
  LayerEnd past = open_server(options);
  past.hear(frame(0x82, std::string(201, 'x')).substr(0, 8));
  EXPECT_EQ(past.failure, "WebSocket: a frame has 201 bytes, more than 200");
  EXPECT_EQ(past.take(), close_frame(1009));
}

TEST(WebSocket, AGoodbyeIsAnsweredWithItsOwnCode) {
  LayerEnd server = open_server();
  server.hear(close_frame(1001, true));
  EXPECT_EQ(server.take(), close_frame(1001));
  EXPECT_TRUE(server.left);
  EXPECT_EQ(server.failure, "");
  server.close();  // said already
  EXPECT_EQ(server.take(), "");
}

std::string answer_of(const std::string& response) {
  LayerEnd client(websocket_client_layer({.host = "broker.test"}, Rng(1)));
  client.begin();
  client.hear(response);
  EXPECT_EQ(client.times_opened, 0);
  return client.failure;
}

TEST(WebSocketClient, TellsWhatIsWrongWithAnAnswer) {
  EXPECT_EQ(answer_of("HTTP/1.1 404 Not Found\r\n\r\n"),
            "WebSocket handshake: the server answered 404 Not Found to the request for /mqtt");
  EXPECT_EQ(answer_of(std::string("\x20\2\0\0", 4)),
            "WebSocket handshake: the server does not speak HTTP");
  EXPECT_EQ(answer_of("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
            "WebSocket handshake: the server's answer accepts no WebSocket");
  EXPECT_EQ(answer_of("HTTP/" + std::string(http_header_bytes_max, 'x')),
            "WebSocket handshake: the answer is longer than 8 KiB");
}

TEST(WebSocketClient, WantsTheSubprotocolAndFramesWithoutMask) {
  LayerEnd server(websocket_server_layer({}));
  LayerEnd client(websocket_client_layer({.host = "broker.test"}, Rng(1)));
  client.begin();
  server.hear(client.take());
  const std::string answer = server.take();
  {
    LayerEnd other(websocket_client_layer({.host = "broker.test"}, Rng(1)));
    other.begin();
    other.hear(with(answer, "Protocol: mqtt", "Protocol: chat"));
    EXPECT_EQ(other.failure,
              "WebSocket handshake: the server does not speak the subprotocol `mqtt`");
  }
  client.hear(answer + frame(0x82, "x", true));
  EXPECT_EQ(client.times_opened, 1);
  EXPECT_EQ(client.failure, "WebSocket: a frame of the server has a mask");
  EXPECT_EQ(client.received, "");
}

}  // namespace
}  // namespace mq::transport
