// A store of values as clouds offer them: the last value of each path, put there and read by HTTP.
// What REST (RFC 9110) asks of such a server, without sockets and without a clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "transport/http_message.h"

namespace mq::scenario {

struct ValueStoreLimits {
  std::size_t paths_max = 100'000;
  std::size_t path_bytes_max = 1024;
};

class ValueStore {
 public:
  explicit ValueStore(ValueStoreLimits limits = {}) : limits_(limits) {}

  // GET and HEAD give the value of a path (304 if `If-None-Match` names it), PUT and POST set it.
  transport::HttpMessage answer(const transport::HttpMessage& request, Instant now);
  // To somebody who is not worth a connection.
  static transport::HttpMessage refusal(unsigned status, std::string_view why, Instant now);

 private:
  struct Value {
    std::string bytes;
    std::uint64_t version = 0;
  };
  transport::HttpMessage get(const transport::HttpMessage& request, Instant now) const;
  transport::HttpMessage put(const transport::HttpMessage& request, Instant now);

  const ValueStoreLimits limits_;
  std::unordered_map<std::string, Value> values_;  // by path
  std::uint64_t versions_ = 0;                     // given so far
};

}  // namespace mq::scenario
