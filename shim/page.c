// Finds the page, counts what is not served, and says why a program cannot go on.
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/inside.h"

static struct mqv_page* page;
static int looked;  // 1: being looked for, 2: done

void* mqv_find(const char* name) {
  // Of functions with several versions dlsym() may give the oldest one.
  void* found =
      strncmp(name, "pthread_cond_", 13) == 0 ? dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2") : NULL;
  if (!found) found = dlsym(RTLD_NEXT, name);
  return found;
}

int mqv_real_pid(void) { return (int)mqv_system(SYS_getpid); }

static void give_up(const char* why) {
  const char* lead = "libmqttlab-vtime: ";
  if (write(2, lead, strlen(lead)) < 0 || write(2, why, strlen(why)) < 0 || write(2, "\n", 1) < 0)
    _exit(MQV_EXIT_STATUS);
  _exit(MQV_EXIT_STATUS);
}

static struct mqv_page* map_page(const char* path) {
  const int fd = (int)mqv_system(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
  struct stat about;
  if (fd < 0 || fstat(fd, &about) != 0) give_up("the page cannot be opened");
  if ((size_t)about.st_size < sizeof(struct mqv_page)) give_up("the page is too small");
  void* mapped = mmap(NULL, sizeof(struct mqv_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  mqv_system(SYS_close, fd);
  if (mapped == MAP_FAILED) give_up("the page cannot be mapped");
  struct mqv_page* const found = mapped;
  if (found->magic != MQV_MAGIC || found->version != MQV_VERSION || found->size != sizeof *found)
    give_up("the simulator speaks another version");
  return found;
}

static void look(void) {
  looked = 1;
  const char* path = getenv(MQV_ENVIRONMENT);
  struct mqv_page* found = path && *path ? map_page(path) : NULL;
  if (found && found->mode == mqv_token && mqv_load32(&found->owner) != (uint32_t)mqv_real_pid()) {
    page = found;
    mqv_count("a further process");
    page = NULL;
  } else if (found) {
    page = found;
    if (found->mode == mqv_threads) mqv_register(mqv_real_pid());
  }
  looked = 2;
}

// Before the program's first instruction, while there is one thread: whoever asks earlier (another
// library's constructor) looks by himself.
__attribute__((constructor)) static void begin(void) {
  if (!looked) look();
  if (page) mqv_take_over_openssl(RTLD_DEFAULT);
}

struct mqv_page* mqv_attached(void) {
  if (__builtin_expect(looked != 2, 0) && !looked) look();
  return page;
}

int mqv_is_token(void) { return page->mode == mqv_token; }

void mqv_count(const char* call) {
  if (!page) return;
  const uint32_t used = mqv_load32(&page->calls_used);
  for (uint32_t i = 0; i < used && i < mqv_calls_max; ++i) {
    if (strncmp(page->calls[i].name, call, sizeof page->calls[i].name) != 0) continue;
    __atomic_add_fetch(&page->calls[i].count, 1, __ATOMIC_RELAXED);
    return;
  }
  const uint32_t mine = __atomic_fetch_add(&page->calls_used, 1, __ATOMIC_ACQ_REL);
  if (mine >= mqv_calls_max) return;
  strncpy(page->calls[mine].name, call, sizeof page->calls[mine].name - 1);
  __atomic_add_fetch(&page->calls[mine].count, 1, __ATOMIC_RELEASE);
}

void mqv_refuse(uint32_t fault) {
  __atomic_store_n(&page->fault, fault, __ATOMIC_RELEASE);
  // Again and again: a simulator that is held up may give the first turn only now.
  for (;;) {
    __atomic_store_n(&page->turn, mqv_simulator_runs, __ATOMIC_RELEASE);
    mqv_system(SYS_futex, &page->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
    mqv_system(SYS_futex, &page->turn, FUTEX_WAIT, mqv_simulator_runs, NULL, NULL, 0);
  }
}

void mqv_register(pid_t pid) {
  for (int i = 0; i < mqv_processes_max; ++i)
    if (mqv_load32(&page->processes[i]) == (uint32_t)pid) return;
  for (int i = 0; i < mqv_processes_max; ++i) {
    uint32_t free = 0;
    if (__atomic_compare_exchange_n(&page->processes[i], &free, (uint32_t)pid, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED))
      return;
  }
  mqv_refuse(mqv_fault_full);
}

// ---- Identity and children ----------------------------------------------------------------------

enum { pid_shown = 4711 };  // in token mode: the same in every run

MQV_EXPORT pid_t getpid(void) {
  return mqv_attached() && mqv_is_token() ? pid_shown : mqv_real_pid();
}

MQV_EXPORT int kill(pid_t pid, int number) {
  if (mqv_attached() && mqv_is_token() && pid == pid_shown) pid = mqv_real_pid();
  return MQV_REAL(kill)(pid, number);
}

static pid_t fork_in_threads_mode(void) {
  __atomic_add_fetch(&page->births, 1, __ATOMIC_ACQ_REL);
  const pid_t child = MQV_REAL(fork)();
  if (child == 0) {
    mqv_register(mqv_real_pid());
    mqv_forget_other_threads();
  }
  if (child <= 0) __atomic_sub_fetch(&page->births, 1, __ATOMIC_ACQ_REL);
  return child;
}

// In token mode a child runs in real time: only one can have the turn.
MQV_EXPORT pid_t fork(void) {
  if (!mqv_attached()) return MQV_REAL(fork)();
  if (!mqv_is_token()) return fork_in_threads_mode();
  mqv_count("fork");
  const pid_t child = MQV_REAL(fork)();
  if (child == 0) page = NULL;
  return child;
}

MQV_EXPORT pid_t vfork(void) { return fork(); }

typedef int spawn(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,
                  char* const[], char* const[]);

// The C library starts it without fork(). Its number is known here before it has come up.
static int spawn_with(spawn* real, pid_t* pid, const char* file,
                      const posix_spawn_file_actions_t* actions, const posix_spawnattr_t* wishes,
                      char* const words[], char* const variables[]) {
  pid_t child = 0;
  if (!pid) pid = &child;
  if (!mqv_attached()) return real(pid, file, actions, wishes, words, variables);
  const int is_known = !mqv_is_token();
  if (!is_known) mqv_count("posix_spawn");
  if (is_known) __atomic_add_fetch(&page->births, 1, __ATOMIC_ACQ_REL);
  const int result = real(pid, file, actions, wishes, words, variables);
  if (is_known && result == 0) mqv_register(*pid);
  if (is_known) __atomic_sub_fetch(&page->births, 1, __ATOMIC_ACQ_REL);
  return result;
}

MQV_EXPORT int posix_spawn(pid_t* restrict pid, const char* restrict path,
                           const posix_spawn_file_actions_t* actions,
                           const posix_spawnattr_t* restrict wishes, char* const words[restrict],
                           char* const variables[restrict]) {
  return spawn_with(MQV_REAL(posix_spawn), pid, path, actions, wishes, words, variables);
}

MQV_EXPORT int posix_spawnp(pid_t* restrict pid, const char* restrict file,
                            const posix_spawn_file_actions_t* actions,
                            const posix_spawnattr_t* restrict wishes, char* const words[restrict],
                            char* const variables[restrict]) {
  return spawn_with(MQV_REAL(posix_spawnp), pid, file, actions, wishes, words, variables);
}

// The C library starts a shell within itself: nobody learns in time which process that is.
MQV_EXPORT int system(const char* command) {
  if (mqv_attached() && command) mqv_count("system");
  return MQV_REAL(system)(command);
}

MQV_EXPORT FILE* popen(const char* command, const char* type) {
  if (mqv_attached()) mqv_count("popen");
  return MQV_REAL(popen)(command, type);
}
