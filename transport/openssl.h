// What the files that talk to OpenSSL share.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "transport/tls.h"

namespace mq::transport {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* what) const {
    free(what);
  }
};

// The oldest error that OpenSSL has noted, in its words; the others are forgotten.
std::string take_openssl_error();

enum class TlsSide : std::uint8_t { server, client };

// `host` is empty at a server, or where no name is checked and none is sent.
struct TlsPeerName {
  std::string host;
  bool checked = false;
};

// `held` lives as long as the layer.
std::unique_ptr<Layer> tls_layer(SSL_CTX* context, TlsSide side, const TlsPeerName& peer,
                                 std::optional<TlsWorld> world, std::shared_ptr<const void> held);

}  // namespace mq::transport
