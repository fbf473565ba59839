#include "cli/player.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "cli/programs.h"

namespace mq::cli {
namespace {

Played from_line(const std::string& text) {
  Played played;
  std::istringstream line(text);
  std::string broken;
  line >> played.hash;
  if (played.hash == "refused") {
    played.end = Played::End::refused;
  } else {
    line >> played.states >> played.events >> played.measured >> broken;
    std::istringstream ids(broken);
    for (std::string id; std::getline(ids, id, ',');)
      if (id != "-") played.broken.push_back(id);
  }
  line.get();
  std::getline(line, played.evidence);
  return played;
}

}  // namespace

// "hash states events measured broken,broken|- evidence"
std::string to_line(const Played& played) {
  if (played.end == Played::End::refused) return "refused " + played.evidence + "\n";
  std::ostringstream line;
  line << played.hash << ' ' << played.states << ' ' << played.events << ' ' << played.measured
       << ' ';
  for (std::size_t i = 0; i < played.broken.size(); ++i)
    line << (i == 0 ? "" : ",") << played.broken[i];
  if (played.broken.empty()) line << '-';
  line << ' ' << played.evidence << '\n';
  return line.str();
}

Player::~Player() { end(); }

std::optional<std::string> Player::start() {
  std::array<int, 2> requests{-1, -1};
  std::array<int, 2> answers{-1, -1};
  if (pipe2(requests.data(), O_CLOEXEC) != 0) return std::strerror(errno);
  if (pipe2(answers.data(), O_CLOEXEC) != 0) {
    close(requests[0]);
    close(requests[1]);
    return std::strerror(errno);
  }
  const std::string program = program_beside(ns3_ ? "mqttlab-sim" : "mqttlab");
  const int error = spawn_program(program, {"player"}, requests[0], answers[1], process_);
  close(requests[0]);
  close(answers[1]);
  to_ = requests[1];
  from_ = answers[0];
  fcntl(from_, F_SETFL, O_NONBLOCK);
  if (error == 0) return std::nullopt;
  process_ = -1;
  end();
  return program + " cannot be started: " + std::strerror(error);
}

void Player::end() {
  if (to_ >= 0) close(to_);
  if (from_ >= 0) close(from_);
  to_ = from_ = -1;
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  process_ = -1;
  busy_ = false;
  answer_.clear();
}

std::optional<std::string> Player::begin(const std::string& text) {
  if (process_ < 0)
    if (auto trouble = start()) return trouble;
  const std::string request = std::to_string(text.size()) + "\n" + text;
  // A player that has died answers nothing: result() sees it.
  for (std::size_t sent = 0; sent < request.size();) {
    const ssize_t n = write(to_, request.data() + sent, request.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    sent += static_cast<std::size_t>(n);
  }
  busy_ = true;
  until_ = std::chrono::steady_clock::now() + play_wall_time_max;
  return std::nullopt;
}

Played Player::lost(Played::End how) {
  end();
  Played played;
  played.end = how;
  const bool hung = how == Played::End::hung;
  played.broken = {hung ? "hang" : "crash"};
  played.evidence = hung ? "the simulation does not end" : "the simulation's process ended";
  return played;
}

std::optional<Played> Player::result(std::chrono::steady_clock::time_point now) {
  if (!busy_) return std::nullopt;
  std::array<char, 4096> bytes;
  const ssize_t count = read(from_, bytes.data(), bytes.size());
  if (count == 0) return lost(Played::End::crashed);
  if (count > 0) answer_.append(bytes.data(), static_cast<std::size_t>(count));
  if (answer_.ends_with('\n')) {
    const Played played = from_line(answer_);
    answer_.clear();
    busy_ = false;
    return played;
  }
  if (now >= until_) return lost(Played::End::hung);
  return std::nullopt;
}

}  // namespace mq::cli
