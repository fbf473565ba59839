// What a process owes to the machine that runs it as a service: its id in a file, another user than
// root, enough descriptors, and word to systemd.
#pragma once

#include <string>

namespace mq::broker {

// Holds the process id while it lives. Throws std::system_error if the file cannot be written, or
// if another living process holds it.
class PidFile {
 public:
  PidFile() = default;
  explicit PidFile(const std::string& path);
  ~PidFile();
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&& other) noexcept;

 private:
  std::string path_;
  int file_ = -1;
};

// Who is not root stays who it is: false. Throws std::system_error if there is no such user, or
// the change fails.
bool become_user(const std::string& user);

// As many descriptors as this user may have: one per connection.
void raise_descriptor_limit();

// The protocol of sd_notify(3): "READY=1". Nothing happens without systemd.
void tell_systemd(const std::string& state);
// With the time, which systemd wants to know of a reload.
void tell_systemd_reloading();

}  // namespace mq::broker
