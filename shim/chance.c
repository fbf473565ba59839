// Randomness from the seed of the run: keys, nonces, identifiers are the same in every run.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include "shim/inside.h"

static uint64_t drawn;
static uint32_t children;  // of a fork draw other numbers than their parent

__attribute__((constructor)) static void at_fork(void);
static void in_child(void) {
  ++children;
  drawn ^= (uint64_t)children << 48;
}
static void at_fork(void) { pthread_atfork(NULL, NULL, in_child); }

static uint64_t next(void) {
  uint64_t z =
      mqv_attached()->seed + __atomic_add_fetch(&drawn, 1, __ATOMIC_RELAXED) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void mqv_fill_by_chance(void* into, size_t count) {
  for (size_t at = 0; at < count; at += 8) {
    const uint64_t number = next();
    memcpy((char*)into + at, &number, count - at < 8 ? count - at : 8);
  }
}

MQV_EXPORT ssize_t getrandom(void* into, size_t size, unsigned flags) {
  if (!mqv_attached()) return MQV_REAL(getrandom)(into, size, flags);
  mqv_fill_by_chance(into, size);
  return (ssize_t)size;
}

MQV_EXPORT int getentropy(void* into, size_t size) {
  if (!mqv_attached()) return MQV_REAL(getentropy)(into, size);
  if (size > 256) {
    errno = EIO;
    return -1;
  }
  mqv_fill_by_chance(into, size);
  return 0;
}

MQV_EXPORT uint32_t arc4random(void) {
  uint32_t number = 0;
  if (getentropy(&number, sizeof number) != 0) return 0;
  return number;
}

MQV_EXPORT void arc4random_buf(void* into, size_t size) {
  for (size_t at = 0; at < size; at += 256)
    if (getentropy((char*)into + at, size - at < 256 ? size - at : 256) != 0) return;
}

// ---- /dev/urandom: a file with so many bytes of chance that nobody comes to its end
// --------------

enum { chance_bytes = 1 << 20 };

static int chance_file(void) {
  const int fd = (int)mqv_system(SYS_memfd_create, "random", MFD_CLOEXEC);
  if (fd < 0) return fd;
  char bytes[4096];
  for (int at = 0; at < chance_bytes; at += (int)sizeof bytes) {
    mqv_fill_by_chance(bytes, sizeof bytes);
    if (mqv_system(SYS_write, fd, bytes, sizeof bytes) < 0) return fd;
  }
  mqv_system(SYS_lseek, fd, 0, 0);
  return fd;
}

static int is_chance(const char* path) {
  return mqv_attached() && (strcmp(path, "/dev/urandom") == 0 || strcmp(path, "/dev/random") == 0);
}

static int open_at(int folder, const char* path, int flags, int mode) {
  if (is_chance(path)) return chance_file();
  return (int)mqv_system(SYS_openat, folder, path, flags, mode);
}

#define MQV_LAST_INT(name, after)       \
  int name;                             \
  {                                     \
    __builtin_va_list list;             \
    __builtin_va_start(list, after);    \
    name = __builtin_va_arg(list, int); \
    __builtin_va_end(list);             \
  }

MQV_EXPORT int open(const char* path, int flags, ...) {
  MQV_LAST_INT(mode, flags)
  return open_at(AT_FDCWD, path, flags, mode);
}
MQV_EXPORT int open64(const char* path, int flags, ...) {
  MQV_LAST_INT(mode, flags)
  return open_at(AT_FDCWD, path, flags, mode);
}
MQV_EXPORT int openat(int folder, const char* path, int flags, ...) {
  MQV_LAST_INT(mode, flags)
  return open_at(folder, path, flags, mode);
}
MQV_EXPORT int openat64(int folder, const char* path, int flags, ...) {
  MQV_LAST_INT(mode, flags)
  return open_at(folder, path, flags, mode);
}

// ---- OpenSSL mixes in what we do not see (the cycle counter): its whole source is replaced
// -------

struct openssl_method {  // RAND_METHOD
  int (*seed)(const void*, int);
  int (*bytes)(unsigned char*, int);
  void (*cleanup)(void);
  int (*add)(const void*, int, double);
  int (*pseudo)(unsigned char*, int);
  int (*status)(void);
};

static int ignore_seed(const void* bytes, int count) {
  (void)bytes, (void)count;
  return 1;
}
static int give_bytes(unsigned char* into, int count) {
  if (count > 0) mqv_fill_by_chance(into, (size_t)count);
  return 1;
}
static void do_nothing(void) {}
static int ignore_addition(const void* bytes, int count, double entropy) {
  (void)bytes, (void)count, (void)entropy;
  return 1;
}
static int is_ready(void) { return 1; }

static const struct openssl_method from_the_seed = {ignore_seed,     give_bytes, do_nothing,
                                                    ignore_addition, give_bytes, is_ready};

void mqv_take_over_openssl(void* library) {
  typedef int (*set_method)(const struct openssl_method*);
  const set_method set = (set_method)dlsym(library, "RAND_set_rand_method");
  if (set) set(&from_the_seed);
}

MQV_EXPORT void* dlopen(const char* file, int flags) {
  void* const library = MQV_REAL(dlopen)(file, flags);
  if (library && mqv_attached()) mqv_take_over_openssl(library);
  return library;
}
