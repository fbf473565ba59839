#include "client/pubsub/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/ensure.h"

namespace mq::client {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const std::vector<std::string>& command, int in, int out) {
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  ::_exit(127);
}

}  // namespace

Process::Process(std::vector<std::string> command, const std::string& input) {
  int in[2], out[2];
  ensure(::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0, "pipe");
  pid_ = ::fork();
  ensure(pid_ >= 0, "fork");
  if (pid_ == 0) become(command, in[0], out[1]);
  ::close(in[0]);
  ::close(out[1]);
  pipe_ = out[0];
  // Small enough for the pipe to take it at once.
  ensure(input.size() <= 4096 &&
             ::write(in[1], input.data(), input.size()) == static_cast<ssize_t>(input.size()),
         "stdin of a child");
  ::close(in[1]);
}

Process::~Process() {
  if (!status_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pipe_);
}

bool Process::prints(const std::string& text, int times) {
  const auto deadline = Clock::now() + patience;
  const auto is_there = [&] {
    std::size_t at = 0;
    for (int i = 0; i < times; ++i, at += text.size())
      if (at = output_.find(text, at); at == std::string::npos) return false;
    return true;
  };
  while (!is_there())
    if (read_some(deadline) != Read::some) return is_there();
  return true;
}

std::optional<int> Process::exit_status() {
  if (status_) return status_;
  const auto deadline = Clock::now() + patience;
  Read read = Read::some;
  while (read == Read::some) read = read_some(deadline);
  if (read == Read::too_late) return std::nullopt;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

void Process::signal(int number) { ::kill(pid_, number); }

Process::Read Process::read_some(Clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd waited{.fd = pipe_, .events = POLLIN, .revents = 0};
  if (left <= 0) return Read::too_late;
  if (::poll(&waited, 1, static_cast<int>(left)) == 0) return Read::too_late;
  char buffer[4096];
  const ssize_t got = ::read(pipe_, buffer, sizeof buffer);
  if (got < 0 && errno == EINTR) return Read::some;
  if (got <= 0) return Read::end;
  output_.append(buffer, static_cast<std::size_t>(got));
  return Read::some;
}

std::size_t Process::memory(const std::string& line) const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string text; std::getline(status, text);)
    if (text.starts_with(line + ":")) return std::stoul(text.substr(line.size() + 1)) * 1024;
  return 0;
}

double Process::processor_seconds() const {
  std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  std::istringstream rest(text.substr(text.rfind(')') + 2));
  std::string word;
  double ticks = 0;
  for (int field = 3; rest >> word; ++field)
    if (field == 14 || field == 15) ticks += std::stod(word);
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ensure(socket >= 0 && ::bind(socket, generic, size) == 0 &&
             ::getsockname(socket, generic, &size) == 0,
         "a free port");
  ::close(socket);
  return ntohs(address.sin_port);
}

}  // namespace mq::client
