// Bytes of a peer into both ends of a WebSocket: any bytes from the start, or any behind a
// handshake that was right. The portions make no difference, nothing is made up, and what one end
// says the other one hears.
#include <cstdint>

#include "base/ensure.h"
#include "base/testing/choices.h"
#include "transport/testing/layer_pair.h"
#include "transport/websocket.h"

namespace mq::transport {
namespace {

std::unique_ptr<Layer> server(bool choosy) {
  WebSocketServerOptions options{.frame_bytes_max = 1024};
  if (choosy) {
    options.path = "/mqtt";
    options.origins = {"https://example.org"};
  }
  return websocket_server_layer(options);
}
std::unique_ptr<Layer> client() {
  return websocket_client_layer({.host = "example.org", .frame_bytes_max = 1024}, Rng(1));
}

// What an end is after it has heard the bytes in pieces.
struct Heard {
  std::string received, failure, out;
  int opened;
  bool left;
  bool operator==(const Heard&) const = default;
};

Heard hear(LayerEnd& end, const std::string& bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size() && end.failure.empty() && !end.left; at += piece)
    end.hear(bytes.substr(at, piece));
  return {end.received, end.failure, end.out, end.times_opened, end.left};
}

void check(LayerEnd& one, LayerEnd& other, const std::string& bytes, std::size_t piece) {
  const Heard whole = hear(one, bytes, bytes.size() + 1);
  const Heard pieces = hear(other, bytes, piece);
  // A peer that is wrong further on is found out at once or later; what it got until then counts.
  if (whole.failure.empty()) ensure(whole == pieces, "the portions make no difference");
  ensure(whole.failure == pieces.failure, "the fault is the same in any portions");
  ensure(whole.received.size() <= bytes.size(), "nothing is made up");
  ensure(whole.received.empty() || whole.opened == 1, "nothing is heard before the handshake");
  ensure(whole.out.size() <= 4096 + 4 * bytes.size(), "answers are bounded by what they answer");
}

void from_the_start(const std::string& bytes, std::size_t piece, unsigned how) {
  const auto make = [&] { return how % 3 == 2 ? client() : server(how % 3 == 1); };
  LayerEnd one(make()), other(make());
  one.begin();
  other.begin();
  one.take();
  other.take();
  check(one, other, bytes, piece);
}

void behind_a_handshake(const std::string& bytes, std::size_t piece, bool at_client) {
  LayerEnd clients[] = {LayerEnd(client()), LayerEnd(client())};
  LayerEnd servers[] = {LayerEnd(server(false)), LayerEnd(server(false))};
  for (int i = 0; i < 2; ++i) {
    servers[i].begin();
    clients[i].begin();
    converse(clients[i], servers[i]);
    ensure(clients[i].times_opened == 1 && servers[i].times_opened == 1, "a handshake");
  }
  LayerEnd* const ends = at_client ? clients : servers;
  check(ends[0], ends[1], bytes, piece);
}

// One end says the bytes in portions, the network cuts them elsewhere.
void said_and_heard(const std::string& bytes, std::size_t piece, bool by_client) {
  LayerEnd a(client()), b(server(false));
  b.begin();
  a.begin();
  converse(a, b, piece);
  LayerEnd& from = by_client ? a : b;
  LayerEnd& to = by_client ? b : a;
  for (std::size_t at = 0; at < bytes.size(); at += 2 * piece)
    from.say(bytes.substr(at, 2 * piece));
  converse(a, b, piece);
  ensure(to.received == bytes && to.failure.empty(), "what is said is heard");
  from.close();
  converse(a, b, piece);
  ensure(to.left, "and goodbye too");
}

}  // namespace
}  // namespace mq::transport

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mq::Choices choices({data, size});
  const unsigned how = choices.byte();
  const std::size_t piece = choices.byte() % 50U + 1;
  const auto rest = choices.bytes(size);
  const std::string bytes(reinterpret_cast<const char*>(rest.data()), rest.size());
  switch (how / 64) {
    case 0:
      mq::transport::from_the_start(bytes, piece, how);
      break;
    case 1:
    case 2:
      mq::transport::behind_a_handshake(bytes, piece, how % 2 == 0);
      break;
    default:
      mq::transport::said_and_heard(bytes, piece, how % 2 == 0);
  }
  return 0;
}
