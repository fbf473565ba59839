// fuzz_corpus_test TARGET FOLDER: what fuzzing has found runs through the target's function, with
// any compiler and without libFuzzer. A corpus without inputs is a failure.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/testing/fuzz_targets.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: fuzz_corpus_test TARGET FOLDER\n", stderr);
    return 2;
  }
  for (const mq::FuzzTarget& target : mq::fuzz_targets) {
    if (std::strcmp(target.name, argv[1]) != 0) continue;
    std::size_t inputs = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(argv[2], error)) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(in)), {});
      std::fprintf(stderr, "%s\n", entry.path().c_str());  // if it is the last one said, it is it
      target.run(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++inputs;
    }
    std::printf("%s: %zu inputs\n", argv[1], inputs);
    if (inputs == 0) std::fprintf(stderr, "there are no inputs in %s\n", argv[2]);
    return inputs > 0 ? 0 : 1;
  }
  std::fprintf(stderr, "there is no target %s\n", argv[1]);
  return 2;
}
