#include "broker/operate/daemon.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

namespace mq::broker {
namespace {

[[noreturn]] void failed(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

PidFile::PidFile(const std::string& path) : path_(path) {
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file_ < 0) failed(errno, "cannot write the pid file " + path);
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    ::close(std::exchange(file_, -1));
    failed(EEXIST, "another process holds the pid file " + path);
  }
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file_, 0) != 0 ||
      ::write(file_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    const int error = errno;
    ::close(std::exchange(file_, -1));
    failed(error, "cannot write the pid file " + path);
  }
}

PidFile::~PidFile() {
  if (file_ < 0) return;
  ::unlink(path_.c_str());  // as another user we may not; then it stays, and nobody holds it
  ::close(file_);
}

PidFile::PidFile(PidFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

PidFile& PidFile::operator=(PidFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  return *this;
}

bool become_user(const std::string& user) {
  if (::geteuid() != 0) return false;
  errno = 0;
  const passwd* found = ::getpwnam(user.c_str());
  if (found == nullptr) failed(errno != 0 ? errno : ENOENT, "there is no user " + user);
  const gid_t group = found->pw_gid;
  const uid_t id = found->pw_uid;
  if (::initgroups(user.c_str(), group) != 0 || ::setgid(group) != 0 || ::setuid(id) != 0)
    failed(errno, "cannot become the user " + user);
  if (id != 0 && ::setuid(0) == 0) failed(EPERM, "could become root again");
  return true;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void tell_systemd(const std::string& state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = path != nullptr ? std::strlen(path) : 0;
  if (length < 2 || length >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
  ::close(socket);
}

void tell_systemd_reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const long long microseconds = now.tv_sec * 1'000'000LL + now.tv_nsec / 1000;
  tell_systemd("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

}  // namespace mq::broker
