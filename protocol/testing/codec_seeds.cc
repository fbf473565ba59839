// codec_seeds VECTORS FOLDER: writes the vectors as seeds of codec_fuzz into an existing folder.
#include <cstdio>
#include <fstream>
#include <set>

#include "protocol/testing/vectors.h"

namespace {

// The choices of codec_fuzz.cc: a version, a sender, and to decode whole or in portions.
constexpr unsigned from_client = 0x08;
constexpr unsigned in_portions = 0x40;
constexpr unsigned topics = 0x80;

void write(const std::string& folder, const std::string& seed) {
  static std::set<std::string> written;
  if (!written.insert(seed).second) return;
  std::ofstream(folder + "/seed-" + std::to_string(written.size()), std::ios::binary) << seed;
}

// A choice of which codec_fuzz takes the remainder by 3 as the version.
char choice(const mq::Vector& v, unsigned what) {
  unsigned value = what | (v.from == mq::Sender::client ? from_client : 0U);
  while (value % 3 + 3 != static_cast<unsigned>(v.version)) ++value;
  return static_cast<char>(value);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: codec_seeds VECTORS FOLDER\n", stderr);
    return 2;
  }
  for (const mq::Vector& v : mq::read_vectors(argv[1])) {
    if (v.bytes.size() > 1000) continue;
    const std::string wire(reinterpret_cast<const char*>(v.bytes.data()), v.bytes.size());
    write(argv[2], choice(v, 0) + wire);
    write(argv[2], choice(v, in_portions) + std::string("\x02\x01\x03") + wire + wire);
  }
  for (const char* pair : {"a/+/#\na/b", "#\n$SYS/x", "$share/g/a/+\na/b", "+/+\n/a", "a/#\na"})
    write(argv[2], static_cast<char>(topics) + std::string(pair));
}
