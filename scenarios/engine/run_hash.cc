#include "scenarios/engine/run_hash.h"

#include <openssl/evp.h>

#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <vector>

#include "base/ensure.h"

namespace mq::scenario {
namespace {

constexpr std::size_t gather_bytes = 16 * 1024;  // one call of the digest for many packets
constexpr std::size_t digest_bytes_shown = 16;

}  // namespace

struct RunHash::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::vector<std::byte> gathered;

  State() {
    ensure(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1, "SHA-256");
    gathered.reserve(gather_bytes);
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void add(std::span<const std::byte> bytes) {
    if (gathered.size() + bytes.size() > gather_bytes) flush();
    if (bytes.size() > gather_bytes) {
      EVP_DigestUpdate(context, bytes.data(), bytes.size());
    } else {
      gathered.insert(gathered.end(), bytes.begin(), bytes.end());
    }
  }
  void add(std::uint64_t number) {
    std::array<std::byte, 8> little_endian;
    for (std::byte& b : little_endian) {
      b = static_cast<std::byte>(number & 0xFF);
      number >>= 8;
    }
    add(little_endian);
  }
  void flush() {
    EVP_DigestUpdate(context, gathered.data(), gathered.size());
    gathered.clear();
  }
};

RunHash::RunHash() : state_(std::make_unique<State>()) {}
RunHash::~RunHash() = default;

void RunHash::observe(const trace::Event& event) {
  const auto add = [&](const auto& seen) {
    state_->add(static_cast<std::uint64_t>(event.at.time_since_epoch().count()));
    state_->add((std::uint64_t{static_cast<std::uint32_t>(seen.connection.client)} << 32) |
                seen.connection.number);
    state_->add((std::uint64_t{seen.wire.size()} << 2) |
                (seen.end == trace::End::broker ? 2U : 0U) | (seen.sent ? 1U : 0U));
    state_->add(seen.wire);
  };
  if (const auto* packet = std::get_if<trace::PacketSeen>(&event.what))
    add(*packet);
  else if (const auto* message = std::get_if<trace::HttpSeen>(&event.what))
    add(*message);
}

std::string RunHash::finish(std::uint64_t chance) {
  state_->add(chance);
  state_->flush();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, digest.data(), &size);
  std::string hex;
  for (std::size_t i = 0; i < digest_bytes_shown; ++i) {
    constexpr const char* digits = "0123456789abcdef";
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 0xF];
  }
  return hex;
}

}  // namespace mq::scenario
