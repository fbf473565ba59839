// What a program has asked its disk to keep: each sync leaves a copy of the file, by its inode, in
// a folder of the simulator, which is what a power failure leaves of it. Without such a folder
// syncs are real.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "shim/inside.h"

static const char* kept_in(void) {
  static const char* folder;
  static int is_known;
  if (!is_known) {
    folder = getenv(MQV_DISK_ENVIRONMENT);
    is_known = 1;
  }
  return mqv_attached() ? folder : NULL;
}

static int copy(int from, int to) {
  static __thread char portion[65536];
  for (;;) {
    const long count = mqv_system(SYS_read, from, portion, sizeof portion);
    if (count <= 0) return count == 0 ? 0 : -1;
    for (long done = 0; done < count;) {
      const long written = mqv_system(SYS_write, to, portion + done, (size_t)(count - done));
      if (written <= 0) return -1;
      done += written;
    }
  }
}

// The descriptor may be for writing only: the file is opened anew.
static int keep(int fd, const char* folder) {
  struct stat about;
  if (fstat(fd, &about) != 0) return -1;
  if (!S_ISREG(about.st_mode)) return 0;  // of a folder: names are kept in any case
  char mine[64], begun[512], kept[512];
  snprintf(mine, sizeof mine, "/proc/self/fd/%d", fd);
  snprintf(kept, sizeof kept, "%.440s/%ju", folder, (uintmax_t)about.st_ino);
  snprintf(begun, sizeof begun, "%.440s/%ju.%d", folder, (uintmax_t)about.st_ino, fd);
  const int from = (int)mqv_system(SYS_openat, AT_FDCWD, mine, O_RDONLY | O_CLOEXEC, 0);
  const int to =
      (int)mqv_system(SYS_openat, AT_FDCWD, begun, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int is_copied = from >= 0 && to >= 0 && copy(from, to) == 0;
  if (from >= 0) mqv_system(SYS_close, from);
  if (to >= 0) mqv_system(SYS_close, to);
  if (is_copied && rename(begun, kept) == 0) return 0;
  mqv_count("fsync that could not be kept");
  errno = EIO;
  return -1;
}

MQV_EXPORT int fsync(int fd) {
  const char* const folder = kept_in();
  return folder ? keep(fd, folder) : MQV_REAL(fsync)(fd);
}

MQV_EXPORT int fdatasync(int fd) {
  const char* const folder = kept_in();
  return folder ? keep(fd, folder) : MQV_REAL(fdatasync)(fd);
}
