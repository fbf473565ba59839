// Which descriptors are ours: sockets that stand for TCP, and timers. Their copies and their ends.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "shim/inside.h"

enum { descriptors_max = 65536 };

static struct mqv_descriptor all[descriptors_max];

struct mqv_descriptor* mqv_descriptor_of(int fd) {
  if (fd < 0 || fd >= descriptors_max || all[fd].kind == mqv_nothing) return NULL;
  return &all[fd];
}

struct mqv_descriptor* mqv_make_descriptor(int fd, int kind) {
  if (fd < 0 || fd >= descriptors_max) return NULL;
  memset(&all[fd], 0, sizeof all[fd]);
  all[fd].kind = (uint8_t)kind;
  return &all[fd];
}

int mqv_was_reset(const struct mqv_descriptor* descriptor) {
  const uint8_t* const flags = &mqv_attached()->link_flags[descriptor->link % mqv_links_max];
  return descriptor->link != 0 && (__atomic_load_n(flags, __ATOMIC_ACQUIRE) & mqv_link_reset) != 0;
}

static void forget(int fd) {
  struct mqv_descriptor* const descriptor = mqv_descriptor_of(fd);
  if (!descriptor) return;
  if (descriptor->kind == mqv_timer) mqv_timer_closed(fd);
  if (descriptor->aborts && descriptor->link != 0)
    __atomic_or_fetch(&mqv_attached()->link_flags[descriptor->link % mqv_links_max],
                      mqv_link_aborted, __ATOMIC_RELEASE);
  descriptor->kind = mqv_nothing;
}

static int copied(int from, int to) {
  if (to < 0 || from == to) return to;
  forget(to);
  const struct mqv_descriptor* const descriptor = mqv_descriptor_of(from);
  if (!descriptor || to >= descriptors_max) return to;
  all[to] = *descriptor;
  if (descriptor->kind == mqv_timer) {
    all[to].kind = mqv_nothing;
    mqv_timer_copied(from, to);
  }
  return to;
}

// The entry goes first: another thread may get the number as soon as it is free.
MQV_EXPORT int close(int fd) {
  if (mqv_attached()) forget(fd);
  return MQV_REAL(close)(fd);
}

MQV_EXPORT int dup(int fd) {
  const int to = MQV_REAL(dup)(fd);
  return mqv_attached() ? copied(fd, to) : to;
}

MQV_EXPORT int dup2(int fd, int to) {
  const int result = MQV_REAL(dup2)(fd, to);
  return mqv_attached() ? copied(fd, result) : result;
}

MQV_EXPORT int dup3(int fd, int to, int flags) {
  const int result = MQV_REAL(dup3)(fd, to, flags);
  return mqv_attached() ? copied(fd, result) : result;
}

static int control(int fd, int command, long argument) {
  const int result = (int)mqv_system(SYS_fcntl, fd, command, argument);
  if (!mqv_attached() || (command != F_DUPFD && command != F_DUPFD_CLOEXEC)) return result;
  return copied(fd, result);
}

MQV_EXPORT int fcntl(int fd, int command, ...) {
  __builtin_va_list list;
  __builtin_va_start(list, command);
  const long argument = __builtin_va_arg(list, long);
  __builtin_va_end(list);
  return control(fd, command, argument);
}

MQV_EXPORT int fcntl64(int fd, int command, ...) {
  __builtin_va_list list;
  __builtin_va_start(list, command);
  const long argument = __builtin_va_arg(list, long);
  __builtin_va_end(list);
  return control(fd, command, argument);
}
