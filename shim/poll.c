// Waiting for descriptors: poll, epoll, select, and their relatives.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include "shim/inside.h"

static const uint64_t millisecond_ns = 1000000;
static const struct timespec at_once = {0, 0};

static uint64_t deadline_in(int milliseconds) {
  return milliseconds < 0 ? MQV_NEVER : mqv_after((uint64_t)milliseconds * millisecond_ns);
}
static uint64_t deadline_of(const struct timespec* length) {
  return length ? mqv_after(mqv_nanoseconds(length)) : MQV_NEVER;
}

static long real_poll(struct pollfd* fds, nfds_t count, const struct timespec* length) {
  struct timespec copy = length ? *length : at_once;
  return mqv_system(SYS_ppoll, fds, count, length ? &copy : NULL, NULL, 8);
}

// ---- One wait for a set of descriptors, whatever it is called
// ------------------------------------

struct ask {
  long (*now)(void* of);  // what is ready at this moment: as poll() gives it
  void* of;
};

static long wait_with_turns(struct ask ask, uint64_t deadline) {
  for (;;) {
    const long ready = ask.now(ask.of);
    if (ready != 0 || mqv_now() >= deadline) return ready;
    if (mqv_give_turn(deadline) != mqv_interrupted) continue;
    const long late = ask.now(ask.of);
    if (late != 0) return late;
    errno = EINTR;
    return -1;
  }
}

// `fds` has room for one more.
static long wait_among_threads(struct ask ask, struct pollfd* fds, nfds_t count,
                               uint64_t deadline) {
  long ready = ask.now(ask.of);
  if (ready != 0 || mqv_now() >= deadline) return ready;
  struct mqv_wait wait = {.kind = mqv_by_event, .event = -1};
  if (deadline != MQV_NEVER) mqv_begin_wait(&wait, deadline);
  for (;;) {
    fds[count] = (struct pollfd){.fd = wait.event, .events = POLLIN};
    const long woken = real_poll(fds, count + 1, NULL);
    mqv_has_waited();
    mqv_pass_gate();  // also after a signal: its handler is the program's way of waking its loop
    if (woken < 0) {
      ready = -1;
      break;
    }
    ready = ask.now(ask.of);
    if (ready != 0 || mqv_now() >= deadline) break;
  }
  if (deadline != MQV_NEVER) mqv_end_wait(&wait);
  return ready;
}

// ---- poll ---------------------------------------------------------------------------------------

struct poll_of {
  struct pollfd* fds;
  nfds_t count;
};
static long poll_now(void* of) {
  const struct poll_of* const what = of;
  return real_poll(what->fds, what->count, &at_once);
}

int mqv_poll(struct pollfd* fds, nfds_t count, uint64_t deadline) {
  struct poll_of what = {fds, count};
  const struct ask ask = {poll_now, &what};
  if (mqv_is_token()) return (int)wait_with_turns(ask, deadline);
  struct pollfd few[16];
  struct pollfd* const copy = count < 16 ? few : malloc((count + 1) * sizeof *copy);
  if (!copy) {
    errno = ENOMEM;
    return -1;
  }
  if (count > 0) memcpy(copy, fds, count * sizeof *copy);
  const int ready = (int)wait_among_threads(ask, copy, count, deadline);
  if (copy != few) free(copy);
  return ready;
}

MQV_EXPORT int poll(struct pollfd* fds, nfds_t count, int milliseconds) {
  if (!mqv_attached()) return MQV_REAL(poll)(fds, count, milliseconds);
  return mqv_poll(fds, count, deadline_in(milliseconds));
}

int __poll_chk(struct pollfd* fds, nfds_t count, int milliseconds, size_t room);
MQV_EXPORT int __poll_chk(struct pollfd* fds, nfds_t count, int milliseconds, size_t room) {
  if (room / sizeof *fds < count) abort();
  return poll(fds, count, milliseconds);
}

// Sets the mask of signals for a wait, as the calls that take one do.
struct masked {
  int is_set;
  sigset_t before;
};
static struct masked mask(const sigset_t* wanted) {
  struct masked masked = {.is_set = wanted != NULL};
  if (wanted) pthread_sigmask(SIG_SETMASK, wanted, &masked.before);
  return masked;
}
static void unmask(const struct masked* masked) {
  const int error = errno;
  if (masked->is_set) pthread_sigmask(SIG_SETMASK, &masked->before, NULL);
  errno = error;
}

MQV_EXPORT int ppoll(struct pollfd* fds, nfds_t count, const struct timespec* length,
                     const sigset_t* signals) {
  if (!mqv_attached()) return MQV_REAL(ppoll)(fds, count, length, signals);
  const struct masked masked = mask(signals);
  const int ready = mqv_poll(fds, count, deadline_of(length));
  unmask(&masked);
  return ready;
}

int __ppoll_chk(struct pollfd* fds, nfds_t count, const struct timespec* length,
                const sigset_t* signals, size_t room);
MQV_EXPORT int __ppoll_chk(struct pollfd* fds, nfds_t count, const struct timespec* length,
                           const sigset_t* signals, size_t room) {
  if (room / sizeof *fds < count) abort();
  return ppoll(fds, count, length, signals);
}

// ---- epoll --------------------------------------------------------------------------------------

struct epoll_of {
  int fd;
  struct epoll_event* events;
  int room;
};
static long epoll_now(void* of) {
  const struct epoll_of* const what = of;
  return mqv_system(SYS_epoll_pwait, what->fd, what->events, what->room, 0, NULL, 8);
}

static int wait_for_epoll(int fd, struct epoll_event* events, int room, uint64_t deadline) {
  struct epoll_of what = {fd, events, room};
  const struct ask ask = {epoll_now, &what};
  if (mqv_is_token()) return (int)wait_with_turns(ask, deadline);
  struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}};
  return (int)wait_among_threads(ask, fds, 1, deadline);
}

MQV_EXPORT int epoll_wait(int fd, struct epoll_event* events, int room, int milliseconds) {
  if (!mqv_attached()) return MQV_REAL(epoll_wait)(fd, events, room, milliseconds);
  return wait_for_epoll(fd, events, room, deadline_in(milliseconds));
}

MQV_EXPORT int epoll_pwait(int fd, struct epoll_event* events, int room, int milliseconds,
                           const sigset_t* signals) {
  if (!mqv_attached()) return MQV_REAL(epoll_pwait)(fd, events, room, milliseconds, signals);
  const struct masked masked = mask(signals);
  const int ready = wait_for_epoll(fd, events, room, deadline_in(milliseconds));
  unmask(&masked);
  return ready;
}

MQV_EXPORT int epoll_pwait2(int fd, struct epoll_event* events, int room,
                            const struct timespec* length, const sigset_t* signals) {
  if (!mqv_attached()) return MQV_REAL(epoll_pwait2)(fd, events, room, length, signals);
  const struct masked masked = mask(signals);
  const int ready = wait_for_epoll(fd, events, room, deadline_of(length));
  unmask(&masked);
  return ready;
}

// ---- select -------------------------------------------------------------------------------------

struct sets {
  fd_set *read, *write, *urgent;  // the caller's; any may be null
};

static short wishes_of(const struct sets* sets, int fd) {
  return (short)((sets->read && FD_ISSET(fd, sets->read) ? POLLIN : 0) |
                 (sets->write && FD_ISSET(fd, sets->write) ? POLLOUT : 0) |
                 (sets->urgent && FD_ISSET(fd, sets->urgent) ? POLLPRI : 0));
}

static int keep(fd_set* set, const struct pollfd* found, short wish, short counts_as) {
  if (!set || !(found->events & wish)) return 0;
  if (found->revents & counts_as) return 1;
  FD_CLR(found->fd, set);
  return 0;
}

static int select_until(int limit, const struct sets* sets, uint64_t deadline) {
  struct pollfd fds[FD_SETSIZE];
  nfds_t count = 0;
  for (int fd = 0; fd < limit && fd < FD_SETSIZE; ++fd) {
    const short events = wishes_of(sets, fd);
    if (events) fds[count++] = (struct pollfd){.fd = fd, .events = events};
  }
  const int ready = mqv_poll(fds, count, deadline);
  if (ready < 0) return ready;
  int bits = 0;
  for (nfds_t i = 0; i < count; ++i) {
    if (fds[i].revents & POLLNVAL) {
      errno = EBADF;
      return -1;
    }
    bits += keep(sets->read, &fds[i], POLLIN, POLLIN | POLLHUP | POLLERR);
    bits += keep(sets->write, &fds[i], POLLOUT, POLLOUT | POLLERR);
    bits += keep(sets->urgent, &fds[i], POLLPRI, POLLPRI);
  }
  return bits;
}

MQV_EXPORT int select(int limit, fd_set* readable, fd_set* writable, fd_set* urgent,
                      struct timeval* length) {
  if (!mqv_attached()) return MQV_REAL(select)(limit, readable, writable, urgent, length);
  const struct sets sets = {readable, writable, urgent};
  uint64_t deadline = MQV_NEVER;
  if (length)
    deadline = mqv_after((uint64_t)length->tv_sec * 1000000000 + (uint64_t)length->tv_usec * 1000);
  const int ready = select_until(limit, &sets, deadline);
  if (length) {  // as Linux does: what is left
    const uint64_t now = mqv_now();
    const struct timespec left = mqv_timespec(deadline > now ? deadline - now : 0);
    *length = (struct timeval){.tv_sec = left.tv_sec, .tv_usec = left.tv_nsec / 1000};
  }
  return ready;
}

MQV_EXPORT int pselect(int limit, fd_set* readable, fd_set* writable, fd_set* urgent,
                       const struct timespec* length, const sigset_t* signals) {
  if (!mqv_attached()) return MQV_REAL(pselect)(limit, readable, writable, urgent, length, signals);
  const struct sets sets = {readable, writable, urgent};
  const struct masked masked = mask(signals);
  const int ready = select_until(limit, &sets, deadline_of(length));
  unmask(&masked);
  return ready;
}
