// What the files of the shim share. Nothing here is visible outside of the library.
#ifndef MQTTLAB_SHIM_INSIDE_H
#define MQTTLAB_SHIM_INSIDE_H

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "shim/protocol.h"

#define MQV_EXPORT __attribute__((visibility("default")))

// The function that ours stands before. `type` is a pointer type of it.
#define MQV_REAL(name)                                      \
  __extension__({                                           \
    static __typeof__(&name) found;                         \
    if (!found) found = (__typeof__(&name))mqv_find(#name); \
    found;                                                  \
  })
void* mqv_find(const char* name);
// Ours is exported too: within the library nobody means that one.
#define mqv_system(...) MQV_REAL(syscall)(__VA_ARGS__)

// ---- page.c -------------------------------------------------------------------------------------

// The page; null if this process does not run in virtual time.
struct mqv_page* mqv_attached(void);
int mqv_is_token(void);
void mqv_count(const char* call);  // one that is not served
void mqv_refuse(uint32_t fault) __attribute__((noreturn));
void mqv_register(pid_t pid);
int mqv_real_pid(void);

static inline uint64_t mqv_load(const uint64_t* what) {
  return __atomic_load_n(what, __ATOMIC_ACQUIRE);
}
static inline uint32_t mqv_load32(const uint32_t* what) {
  return __atomic_load_n(what, __ATOMIC_ACQUIRE);
}

// ---- Time ---------------------------------------------------------------------------------------

uint64_t mqv_now(void);                                 // of the monotonic clock
uint64_t mqv_nanoseconds(const struct timespec* time);  // a negative or senseless one is 0
struct timespec mqv_timespec(uint64_t nanoseconds);
// The monotonic instant of a time of a clock; MQV_NEVER for null.
uint64_t mqv_instant_of(clockid_t clock, const struct timespec* absolute);
uint64_t mqv_after(uint64_t nanoseconds);  // from now, without overflow
// For whoever reads the clock again and again, waiting for it to move.
void mqv_clock_was_read(void);
void mqv_has_waited(void);  // so this thread does not wait for the clock

// ---- wait.c -------------------------------------------------------------------------------------

enum { mqv_over = 0, mqv_again = 1, mqv_interrupted = 2 };
// Token mode: gives the turn away. `mqv_over` when the deadline has come, `mqv_again` if something
// may have happened, `mqv_interrupted` if a signal handler ran.
int mqv_give_turn(uint64_t deadline);
// Sleeps until then: 0, or -1 with EINTR.
int mqv_sleep_until(uint64_t deadline);

// Threads mode: a wait of this thread until a deadline, which mqv_end_wait() ends. The shim's
// thread wakes it when it is due.
enum { mqv_by_event = 1, mqv_by_condition = 2, mqv_by_futex = 3 };
struct mqv_wait {
  int kind;
  void* object;
  int event;  // mqv_by_event: becomes readable
};
void mqv_begin_wait(struct mqv_wait* wait, uint64_t deadline);
void mqv_end_wait(struct mqv_wait* wait);
// Threads mode: whoever was woken by what the simulator gives waits until it has given all.
void mqv_pass_gate(void);
void mqv_forget_thread(void);
void mqv_forget_other_threads(void);  // in the child of a fork
// The timers of this process (timers.c) are due then.
void mqv_publish_timers(uint64_t deadline);

// ---- poll.c -------------------------------------------------------------------------------------

// poll() in virtual time, in either mode.
int mqv_poll(struct pollfd* fds, nfds_t count, uint64_t deadline);

// ---- timers.c -----------------------------------------------------------------------------------

uint64_t mqv_timers_due(void);
// What is due: events become readable, SIGALRM is raised. True if it was.
int mqv_fire_timers(void);
void mqv_timer_closed(int fd);
void mqv_timer_copied(int from, int to);

// ---- descriptors.c ------------------------------------------------------------------------------

enum { mqv_nothing = 0, mqv_stream = 1, mqv_timer = 2 };
struct mqv_descriptor {
  uint8_t kind;
  uint8_t family;  // 4 or 6
  uint8_t aborts;  // close() is RST: SO_LINGER of 0
  uint8_t told_of_reset;
  uint32_t link;  // its number; 0: none
  uint32_t peer_address, local_address;
  uint16_t peer_port, local_port;
  uint64_t receive_within, send_within;  // 0: for ever
};
// Null for a descriptor that is not ours.
struct mqv_descriptor* mqv_descriptor_of(int fd);
struct mqv_descriptor* mqv_make_descriptor(int fd, int kind);
int mqv_was_reset(const struct mqv_descriptor* descriptor);

// ---- chance.c -----------------------------------------------------------------------------------

void mqv_fill_by_chance(void* into, size_t count);
void mqv_take_over_openssl(void* library);  // RTLD_DEFAULT: what is there already

// ---- threads.c ----------------------------------------------------------------------------------

int mqv_real_thread(pthread_t* thread, void* (*run)(void*));
int mqv_futex_wait(uint32_t* word, int operation, uint32_t value, uint32_t mask, uint64_t deadline);

#endif
