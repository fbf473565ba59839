// One visitor out of several lambdas, for std::visit.
#pragma once

namespace mq {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
// clang before 17 does not deduce aggregates by itself.
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

}  // namespace mq
