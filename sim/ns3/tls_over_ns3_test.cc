// That TLS rides on a simulated stream: Asio's ssl::stream and coroutines over ns-3's TCP.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <optional>
#include <string>

#include "sim/ns3/ns3_world.h"
#include "sim/stream.h"

namespace mq::sim {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using namespace std::chrono_literals;

template <class T, void (*free)(T*)>
struct Freed {
  void operator()(T* what) const { free(what); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;

void use_certificate_of_our_own(ssl::context& context) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  ASSERT_TRUE(key && certificate);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("broker"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  ASSERT_EQ(SSL_CTX_use_certificate(context.native_handle(), certificate.get()), 1);
  ASSERT_EQ(SSL_CTX_use_PrivateKey(context.native_handle(), key.get()), 1);
}

TEST(TlsOverNs3, ShakesHandsAndCarriesBytesOverASlowLink) {
  Ns3World world(1);
  StreamLoop loop(world);
  const LinkDirection slow{.bits_per_second = 20e3, .delay = 300ms};
  const DeviceId device = world.add_device("buoy", {.up = slow, .down = slow});
  ssl::context server_side(ssl::context::tls_server);
  use_certificate_of_our_own(server_side);
  ssl::context client_side(ssl::context::tls_client);

  using TlsStream = ssl::stream<Stream>;
  std::unique_ptr<TlsStream> server;
  world.accept_with([&](std::unique_ptr<Socket> socket, const std::string&, DeviceId) {
    server = std::make_unique<TlsStream>(Stream(loop, std::move(socket), Stream::Begins::connected),
                                         server_side);
    asio::co_spawn(
        loop.context(),
        [&]() -> asio::awaitable<void> {
          co_await server->async_handshake(ssl::stream_base::server, asio::use_awaitable);
          char ping[4];
          co_await asio::async_read(*server, asio::buffer(ping), asio::use_awaitable);
          co_await asio::async_write(*server, asio::buffer("pong", 4), asio::use_awaitable);
          co_await server->async_shutdown(asio::use_awaitable);
          server->lowest_layer().close();
        },
        asio::detached);
    loop.wake();
  });

  TlsStream client(Stream(loop, world.connect(device), Stream::Begins::connecting), client_side);
  Instant secure{}, answered{};
  std::string answer(4, ' ');
  bool was_shut_down = false;
  asio::co_spawn(
      loop.context(),
      [&]() -> asio::awaitable<void> {
        co_await client.next_layer().async_connect(asio::use_awaitable);
        co_await client.async_handshake(ssl::stream_base::client, asio::use_awaitable);
        secure = world.now();
        co_await asio::async_write(client, asio::buffer("ping", 4), asio::use_awaitable);
        co_await asio::async_read(client, asio::buffer(answer), asio::use_awaitable);
        answered = world.now();
        co_await client.async_shutdown(asio::use_awaitable);
        was_shut_down = true;
        client.lowest_layer().close();
      },
      asio::detached);
  loop.wake();
  world.run_until(Instant(60s));

  EXPECT_EQ(answer, "pong");
  EXPECT_TRUE(was_shut_down);
  // Two round trips of 600 ms and about 1.5 kB at 20 kb/s.
  EXPECT_GE(secure, Instant(1200ms));
  EXPECT_LE(secure, Instant(4s));
  EXPECT_GE(answered, secure + 600ms);
  RecordProperty("handshake_ms", static_cast<int>(seconds(secure.time_since_epoch()) * 1000));
}

}  // namespace
}  // namespace mq::sim
