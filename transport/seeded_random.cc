#include "transport/seeded_random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "base/ensure.h"

namespace mq::transport {
namespace {

// A function of OpenSSL's RAND_METHOD has no argument of ours.
thread_local Rng* current = nullptr;

int seeded_bytes(unsigned char* into, int count) {
  if (current == nullptr) return RAND_OpenSSL()->bytes(into, count);
  for (int done = 0; done < count; done += 8) {
    const std::uint64_t drawn = current->next();
    std::memcpy(into + done, &drawn, static_cast<std::size_t>(std::min(8, count - done)));
  }
  return 1;
}
int status() { return current == nullptr ? RAND_OpenSSL()->status() : 1; }
int seed(const void* bytes, int count) { return RAND_OpenSSL()->seed(bytes, count); }
int add(const void* bytes, int count, double entropy) {
  return RAND_OpenSSL()->add(bytes, count, entropy);
}

constexpr RAND_METHOD method{seed, seeded_bytes, nullptr, add, seeded_bytes, status};

}  // namespace

SeededRandom::SeededRandom(Rng* rng) : before_(current) {
  static const bool installed = RAND_set_rand_method(&method) == 1;
  ensure(installed, "OpenSSL takes another source of chance");
  current = rng;
}
SeededRandom::~SeededRandom() { current = before_; }

}  // namespace mq::transport
