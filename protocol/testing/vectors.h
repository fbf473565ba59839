// Reads the vectors of protocol/vectors for tests and fuzz seeds; the format is told in the
// README.md beside them. A file that cannot be read so is the author's fault and throws.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "protocol/codec.h"

namespace mq {

struct Vector {
  std::string name;
  std::string place;  // "connect.txt:12"
  Version version;
  Sender from;
  std::vector<std::byte> bytes;
  std::string is;                // describe() of the packet; empty for one that is malformed
  std::string breaks;            // describe() of the fault; empty for one that is legal
  std::vector<std::byte> again;  // what the packet is encoded as: `bytes` unless told otherwise
};

// Of every *.txt below `folder`, in the order of file names; a block that names several versions
// or senders yields a vector for each.
std::vector<Vector> read_vectors(const std::string& folder);

}  // namespace mq
