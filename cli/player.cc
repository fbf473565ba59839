#include "cli/player.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "cli/programs.h"

namespace mq::cli {

const Played::Broken* Played::find(const std::string& id) const {
  const auto found =
      std::find_if(broken.begin(), broken.end(), [&](const Broken& one) { return one.id == id; });
  return found == broken.end() ? nullptr : &*found;
}

std::string to_line(const Played& played) {
  std::ostringstream line;
  if (played.end == Played::End::refused) {
    line << "refused\t" << played.exit_code << '\t' << played.why;
  } else if (played.end == Played::End::troubled) {
    line << "troubled\t" << played.why;
  } else {
    line << "judged\t" << played.hash << '\t' << played.states << '\t' << played.events << '\t'
         << played.measured;
    for (const auto& [id, evidence] : played.broken) line << '\t' << id << '\t' << evidence;
  }
  line << '\n';
  return line.str();
}

Played from_line(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream text(line.substr(0, line.find('\n')));
  for (std::string word; std::getline(text, word, '\t');) words.push_back(word);
  words.resize(std::max<std::size_t>(words.size(), 5));
  Played played;
  if (words[0] == "refused") {
    played.end = Played::End::refused;
    played.exit_code = std::atoi(words[1].c_str());
    played.why = words[2];
  } else if (words[0] == "troubled") {
    played.end = Played::End::troubled;
    played.why = words[1];
  } else {
    played.hash = words[1];
    played.states = std::strtoull(words[2].c_str(), nullptr, 10);
    played.events = std::strtoull(words[3].c_str(), nullptr, 10);
    played.measured = words[4] == "1";
    for (std::size_t i = 5; i < words.size(); i += 2)
      played.broken.push_back({words[i], i + 1 < words.size() ? words[i + 1] : ""});
  }
  return played;
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
  const int error =
      spawn_program(program_of(simulator_), {"player"}, requests[0], answers[1], process_);
  close(requests[0]);
  close(answers[1]);
  to_ = requests[1];
  from_ = answers[0];
  fcntl(from_, F_SETFL, O_NONBLOCK);
  if (error == 0) return std::nullopt;
  process_ = -1;
  end();
  return not_started(simulator_, error);
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
  played.broken = {{hung ? "hang" : "crash",
                    hung ? "The simulation does not end." : "The simulation's process ended."}};
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
