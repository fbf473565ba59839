#include "broker/access/scram_desk.h"

#include <string_view>

namespace mq::broker {

Authenticated ScramDesk::answer(const Authenticate& question, const Credentials& credentials) {
  using Verdict = Authenticated::Verdict;
  const std::string_view said = question.data.text();
  Authenticated told{.link = question.link, .verdict = Verdict::denied};
  if (question.method != scram_sha_256) return told;
  if (question.begins) exchanges_.insert_or_assign(question.link, ScramServer(nonce_()));
  const auto at = exchanges_.find(question.link);
  if (at == exchanges_.end()) return told;
  ScramServer& server = at->second;
  if (question.begins && said.empty()) {  // CONNECT may leave the first word to AUTH
    told.verdict = Verdict::more;
    return told;
  }
  if (server.user().empty()) {
    const auto look_up = [&](const std::string& user) { return credentials.look_up(user); };
    if (const auto challenge = server.first(said, look_up)) {
      told.verdict = Verdict::more;
      told.data = Bytes::copy(*challenge);
      return told;
    }
  } else if (const auto proof = server.last(said)) {
    told.verdict = Verdict::accepted;
    told.user = server.user();
    told.data = Bytes::copy(*proof);
  }
  exchanges_.erase(at);
  return told;
}

}  // namespace mq::broker
