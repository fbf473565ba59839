// The disk of a program as far as a process can show it: of each file in its folder, what stood in
// it when it was synced last (shim/disk.c leaves a copy each time, by inode). Names are kept as
// they are, as a file system with a journal does; what was never synced is empty after a power
// failure.
#pragma once

#include <string>

namespace mq::sim {

class KeptFiles {
 public:
  // `folder` and what lies in it now count as synced.
  explicit KeptFiles(std::string folder);
  ~KeptFiles();
  KeptFiles(const KeptFiles&) = delete;
  KeptFiles& operator=(const KeptFiles&) = delete;

  // For the program: where its syncs go.
  std::string variable() const;
  // The power has failed, and the program is gone.
  void lose_the_rest() const;

 private:
  std::string folder_;
  std::string kept_;
};

}  // namespace mq::sim
