#include "transport/reveal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "transport/openssl.h"
#include "transport/websocket_frame.h"

namespace mq::transport {
namespace {

using Bytes = std::vector<std::byte>;

unsigned number(std::byte byte) { return std::to_integer<unsigned>(byte); }

// ---- TLS 1.3 ------------------------------------------------------------------------------------

constexpr std::size_t record_header_bytes = 5;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t nonce_bytes = 12;
enum Type : std::uint8_t { handshake_type = 22, data_type = 23 };
constexpr unsigned server_hello_message = 2;
constexpr unsigned key_update_message = 24;

struct Suite {
  const EVP_CIPHER* cipher;
  const EVP_MD* digest;
};

std::optional<Suite> suite_of(unsigned id) {
  switch (id) {
    case 0x1301:
      return Suite{EVP_aes_128_gcm(), EVP_sha256()};
    case 0x1302:
      return Suite{EVP_aes_256_gcm(), EVP_sha384()};
    case 0x1303:
      return Suite{EVP_chacha20_poly1305(), EVP_sha256()};
    default:
      return std::nullopt;
  }
}

// Where ServerHello names the cipher: behind version, random, and the session id with its length.
std::optional<unsigned> suite_in_server_hello(std::span<const std::byte> body) {
  constexpr std::size_t before_session_id = 4 + 2 + 32;
  if (body.size() <= before_session_id || number(body[0]) != server_hello_message)
    return std::nullopt;
  const std::size_t at = before_session_id + 1 + number(body[before_session_id]);
  if (body.size() < at + 2) return std::nullopt;
  return number(body[at]) << 8 | number(body[at + 1]);
}

// HKDF-Expand-Label of RFC 8446, 7.1, for as much as one block gives.
Bytes expand(const Suite& suite, std::span<const std::byte> secret, std::string_view label,
             std::size_t size) {
  const std::string whole = "tls13 " + std::string(label);
  std::string info{static_cast<char>(size >> 8), static_cast<char>(size & 255),
                   static_cast<char>(whole.size())};
  info += whole;
  info += '\0';  // no context
  info += '\1';  // the first block
  std::array<unsigned char, EVP_MAX_MD_SIZE> block{};
  unsigned made = 0;
  HMAC(suite.digest, secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(info.data()), info.size(), block.data(), &made);
  const auto bytes = std::as_bytes(std::span(block)).first(std::min<std::size_t>(size, made));
  return {bytes.begin(), bytes.end()};
}

// One direction, once its secret is known.
class Opener {
 public:
  Opener(const Suite& suite, Bytes secret) : suite_(suite), secret_(std::move(secret)) { derive(); }

  // What a record holds, its inner type last; nothing if it is of another secret.
  std::optional<Bytes> open(std::span<const std::byte> header, std::span<const std::byte> sealed) {
    if (sealed.size() < tag_bytes + 1) return std::nullopt;
    const std::size_t size = sealed.size() - tag_bytes;
    Bytes nonce = iv_;
    for (std::size_t i = 0; i < 8; ++i)
      nonce[nonce_bytes - 1 - i] ^= static_cast<std::byte>(sequence_ >> (8 * i) & 0xFF);
    const std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>> context(EVP_CIPHER_CTX_new());
    Bytes plain(size);
    Bytes tag(sealed.begin() + static_cast<std::ptrdiff_t>(size), sealed.end());
    const auto* in = reinterpret_cast<const unsigned char*>(sealed.data());
    auto* out = reinterpret_cast<unsigned char*>(plain.data());
    int count = 0;
    const bool opened =
        EVP_DecryptInit_ex(context.get(), suite_.cipher, nullptr,
                           reinterpret_cast<const unsigned char*>(key_.data()),
                           reinterpret_cast<const unsigned char*>(nonce.data())) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &count,
                          reinterpret_cast<const unsigned char*>(header.data()),
                          static_cast<int>(header.size())) == 1 &&
        EVP_DecryptUpdate(context.get(), out, &count, in, static_cast<int>(size)) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_bytes),
                            tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context.get(), out + count, &count) == 1;
    if (!opened) return std::nullopt;
    ++sequence_;
    while (!plain.empty() && plain.back() == std::byte{0}) plain.pop_back();
    return plain;
  }

  void update() {
    secret_ = expand(suite_, secret_, "traffic upd", secret_.size());
    derive();
  }

 private:
  void derive() {
    key_ = expand(suite_, secret_, "key",
                  static_cast<std::size_t>(EVP_CIPHER_get_key_length(suite_.cipher)));
    iv_ = expand(suite_, secret_, "iv", nonce_bytes);
    sequence_ = 0;
  }

  Suite suite_;
  Bytes secret_;
  Bytes key_;
  Bytes iv_;
  std::uint64_t sequence_ = 0;
};

class TlsReveal final : public Reveal {
 public:
  explicit TlsReveal(std::shared_ptr<const TlsSecrets> secrets) : secrets_(std::move(secrets)) {}

  Bytes next(RevealedSide from, std::span<const std::byte> bytes) override {
    Side& side = from == RevealedSide::client ? client_ : server_;
    side.begun.insert(side.begun.end(), bytes.begin(), bytes.end());
    Bytes plain;
    std::span<const std::byte> rest(side.begun);
    while (rest.size() >= record_header_bytes) {
      const std::size_t size = number(rest[3]) << 8 | number(rest[4]);
      if (rest.size() < record_header_bytes + size) break;
      record(from, side, rest.first(record_header_bytes), rest.subspan(record_header_bytes, size),
             plain);
      rest = rest.subspan(record_header_bytes + size);
    }
    side.begun.erase(side.begun.begin(),
                     side.begun.end() - static_cast<std::ptrdiff_t>(rest.size()));
    return plain;
  }

 private:
  struct Side {
    Bytes begun;
    std::optional<Opener> opener;
  };

  void record(RevealedSide from, Side& side, std::span<const std::byte> header,
              std::span<const std::byte> body, Bytes& plain) {
    const unsigned type = number(header[0]);
    if (type == handshake_type && from == RevealedSide::server && !suite_)
      if (const auto id = suite_in_server_hello(body)) suite_ = suite_of(*id);
    if (type != data_type || !suite_) return;
    const Bytes& secret = from == RevealedSide::client ? secrets_->client : secrets_->server;
    if (!side.opener && !secret.empty()) side.opener.emplace(*suite_, secret);
    if (!side.opener) return;
    auto opened = side.opener->open(header, body);
    if (!opened || opened->empty()) return;
    const unsigned inner = number(opened->back());
    opened->pop_back();
    if (inner == data_type) plain.insert(plain.end(), opened->begin(), opened->end());
    if (inner == handshake_type && !opened->empty() &&
        number(opened->front()) == key_update_message)
      side.opener->update();
  }

  const std::shared_ptr<const TlsSecrets> secrets_;
  std::optional<Suite> suite_;
  Side client_;
  Side server_;
};

// ---- WebSocket ----------------------------------------------------------------------------------

class WebSocketReveal final : public Reveal {
 public:
  Bytes next(RevealedSide from, std::span<const std::byte> bytes) override {
    Side& side = from == RevealedSide::client ? client_ : server_;
    Bytes rest(bytes.begin(), bytes.end());
    std::span<std::byte> left(rest);
    // The upgrade ends with an empty line.
    static constexpr std::string_view end = "\r\n\r\n";
    while (side.matched < end.size() && !left.empty()) {
      const char c = static_cast<char>(left.front());
      side.matched = c == end[side.matched] ? side.matched + 1 : c == '\r' ? 1U : 0U;
      left = left.subspan(1);
    }
    Bytes plain;
    while (side.matched == end.size() && !side.is_broken) {
      const FrameReader::Event event = side.frames.next(left);
      if (event.what == FrameReader::Event::What::none) break;
      side.is_broken = event.what == FrameReader::Event::What::fault;
      if (event.what == FrameReader::Event::What::data)
        plain.insert(plain.end(), event.data.begin(), event.data.end());
    }
    return plain;
  }

 private:
  struct Side {
    explicit Side(FrameSender sender) : frames(sender, std::numeric_limits<std::uint64_t>::max()) {}
    FrameReader frames;
    std::size_t matched = 0;
    bool is_broken = false;
  };
  Side client_{FrameSender::client};
  Side server_{FrameSender::server};
};

std::optional<Bytes> bytes_of_hex(std::string_view hex) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  Bytes bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    const int high = digit(hex[at]), low = digit(hex[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return bytes;
}

}  // namespace

void TlsSecrets::hear(std::string_view line) {
  const std::size_t last = line.rfind(' ');
  if (last == std::string_view::npos) return;
  const auto secret = bytes_of_hex(line.substr(last + 1));
  if (!secret) return;
  if (line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")) client = *secret;
  if (line.starts_with("SERVER_TRAFFIC_SECRET_0 ")) server = *secret;
}

std::unique_ptr<Reveal> reveal_tls(std::shared_ptr<const TlsSecrets> secrets) {
  return std::make_unique<TlsReveal>(std::move(secrets));
}
std::unique_ptr<Reveal> reveal_websocket() { return std::make_unique<WebSocketReveal>(); }

}  // namespace mq::transport
