// One visitor out of several lambdas, for std::visit.
#pragma once

namespace mq {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};

}  // namespace mq
