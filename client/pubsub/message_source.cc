#include "client/pubsub/message_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "protocol/codec.h"

namespace mq::client {
namespace {

// Everything up to the end; throws std::system_error.
Bytes read_all(int descriptor) {
  std::string all;
  for (;;) {
    const std::size_t had = all.size();
    all.resize(had + read_bytes);
    const ssize_t got = ::read(descriptor, all.data() + had, read_bytes);
    if (got < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category());
    all.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0) return Bytes::copy(all);
    if (all.size() > packet_bytes_limit) throw std::system_error(EMSGSIZE, std::generic_category());
  }
}

Bytes read_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category());
  try {
    Bytes all = read_all(descriptor);
    ::close(descriptor);
    return all;
  } catch (...) {
    ::close(descriptor);
    throw;
  }
}

}  // namespace

std::optional<Bytes> read_message(const MessageSource& source, const char* verb) {
  using enum MessageSource::Kind;
  try {
    if (source.kind == message) return Bytes::copy(source.text);
    if (source.kind == file) return read_file(source.text);
    if (source.kind == stdin_whole) return read_all(STDIN_FILENO);
    return Bytes{};
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "mqttlab %s: cannot read %s: %s\n", verb,
                 source.kind == file ? source.text.c_str() : "stdin",
                 error.code().message().c_str());
    return std::nullopt;
  }
}

}  // namespace mq::client
