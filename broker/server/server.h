// The broker core on real sockets: listeners, connections, one timer, one store. It moves bytes and
// time between the core and the world and decides nothing of MQTT.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "broker/core/broker.h"
#include "broker/server/gatekeeper.h"
#include "broker/server/listener_options.h"
#include "broker/server/store_options.h"

namespace boost::asio {
class io_context;
}

namespace mq::broker {

struct ServerOptions {
  std::vector<ListenerOptions> listeners;
  Settings settings;
  AccessOptions access;
  std::optional<StoreOptions> store;  // nothing: a restart forgets everything
  std::uint64_t seed = 0;
  int accept_backlog = 4096;
  // While more than this waits to be written to a peer, nothing of it is read. Above the core's
  // own limit, so that deliveries stop first.
  std::size_t reading_pauses_over = 16 * 1024 * 1024;
  // How long a closed connection may still take to write what was sent and to hear the peer close.
  std::chrono::milliseconds linger{2000};
  // For TLS, WebSocket and PROXY together; then the core's own limit for CONNECT begins.
  std::chrono::milliseconds handshake_timeout{10000};
  std::size_t handshakes_max = 2000;  // at once; a further connection is closed
  // A connection that failed below MQTT: its peer and a sentence. Not called for plain TCP.
  std::function<void(const std::string& peer, const std::string& why)> on_link_failed;
};

class Server {
 public:
  using NoteHandler = std::function<void(const Note&)>;

  // Throws StoreError if there is a store that cannot be opened, FileFault if there is something
  // wrong with a file of users or rules.
  Server(boost::asio::io_context& context, ServerOptions options, NoteHandler on_note = {});
  ~Server();

  // Listens; throws std::system_error, whose text names the address, or
  // transport::TlsError, whose text names the file. Returns what it listens on, "127.0.0.1:1883",
  // "[::1]:1883", "wss://[::1]:8443" or "unix:/run/mqtt.sock".
  std::vector<std::string> start();
  // Reads files of users and rules, these or the same again; `policy` is what they do not say. What
  // they say counts at once, and clients of users that have changed are thrown out. Throws
  // FileFault, and then everything stays as it was.
  void reload_access(const AccessOptions& options, const AccessPolicy& policy);
  // Takes no further connection, tells every client, closes all; `stopped` is called when the last
  // link is gone.
  void stop(std::function<void()> stopped);

  // Reads the files of TLS again; connections that stand are not touched. All or nothing: throws
  // transport::TlsError, and what was in use stays so.
  void reload_certificates();

  Broker::Census census() const;
  // The broker's own word below $SYS.
  void announce(Announce word);
  void change_limits(const Limits& limits);

 private:
  class Body;
  std::shared_ptr<Body> body_;
};

}  // namespace mq::broker
