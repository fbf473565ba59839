// Timers that expire by themselves: timerfd (an eventfd stands in for it), alarm and setitimer.
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#include "shim/inside.h"

enum { timers_max = 1024 };

struct timer {
  int fd;  // in use if it is not 0; -1: SIGALRM
  clockid_t clock;
  uint64_t due, every;  // MQV_NEVER: is not armed
};

static struct timer timers[timers_max] = {{.fd = -1, .due = MQV_NEVER}};
static int timers_used = 1;
static uint64_t earliest = MQV_NEVER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

uint64_t mqv_timers_due(void) { return mqv_load(&earliest); }

// With the lock held.
static void publish(void) {
  uint64_t due = MQV_NEVER;
  for (int i = 0; i < timers_used; ++i)
    if (timers[i].fd != 0 && timers[i].due < due) due = timers[i].due;
  __atomic_store_n(&earliest, due, __ATOMIC_RELEASE);
}

// Once the lock is free: in threads mode this may start the shim's thread.
static void tell(void) { mqv_publish_timers(mqv_timers_due()); }

static void expire(struct timer* timer, uint64_t now, int* alarms) {
  uint64_t times = 1;
  if (timer->every > 0) {
    times += (now - timer->due) / timer->every;
    timer->due += times * timer->every;
  } else {
    timer->due = MQV_NEVER;
  }
  if (timer->fd < 0) {
    ++*alarms;
  } else if (mqv_system(SYS_write, timer->fd, &times, sizeof times) < 0) {
    mqv_count("a lost timer");
  }
}

int mqv_fire_timers(void) {
  const int before = errno;
  const uint64_t now = mqv_now();
  int alarms = 0;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < timers_used; ++i)
    if (timers[i].fd != 0 && timers[i].due <= now) expire(&timers[i], now, &alarms);
  publish();
  pthread_mutex_unlock(&lock);
  tell();
  if (alarms > 0) MQV_REAL(kill)(mqv_real_pid(), SIGALRM);
  errno = before;
  return alarms > 0;
}

static struct timer* find(int fd) {
  for (int i = 0; i < timers_used; ++i)
    if (timers[i].fd == fd) return &timers[i];
  return NULL;
}

MQV_EXPORT int timerfd_create(int clock, int flags) {
  if (!mqv_attached()) return MQV_REAL(timerfd_create)(clock, flags);
  int event_flags = 0;
  if (flags & TFD_NONBLOCK) event_flags |= EFD_NONBLOCK;
  if (flags & TFD_CLOEXEC) event_flags |= EFD_CLOEXEC;
  const int fd = eventfd(0, event_flags);
  if (fd < 0) return fd;
  pthread_mutex_lock(&lock);
  struct timer* timer = find(0);
  if (!timer && timers_used < timers_max) timer = &timers[timers_used++];
  if (timer) *timer = (struct timer){.fd = fd, .clock = clock, .due = MQV_NEVER};
  pthread_mutex_unlock(&lock);
  if (timer && mqv_make_descriptor(fd, mqv_timer)) return fd;
  mqv_system(SYS_close, fd);
  errno = EMFILE;
  return -1;
}

static struct itimerspec state_of(const struct timer* timer) {
  struct itimerspec state = {.it_interval = mqv_timespec(timer->every)};
  const uint64_t now = mqv_now();
  if (timer->due != MQV_NEVER)
    state.it_value = mqv_timespec(timer->due > now ? timer->due - now : 1);
  return state;
}

static struct itimerspec arm(struct timer* timer, uint64_t due, uint64_t every) {
  const struct itimerspec before = state_of(timer);
  timer->due = due;
  timer->every = every;
  return before;
}

MQV_EXPORT int timerfd_settime(int fd, int flags, const struct itimerspec* wanted,
                               struct itimerspec* before) {
  if (!mqv_attached()) return MQV_REAL(timerfd_settime)(fd, flags, wanted, before);
  const uint64_t value = mqv_nanoseconds(&wanted->it_value);
  uint64_t forgotten;
  pthread_mutex_lock(&lock);
  struct timer* const timer = fd > 0 ? find(fd) : NULL;
  if (timer) {
    const int is_absolute = (flags & TFD_TIMER_ABSTIME) != 0;
    const uint64_t due = value == 0    ? MQV_NEVER
                         : is_absolute ? mqv_instant_of(timer->clock, &wanted->it_value)
                                       : mqv_after(value);
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    const struct timespec at_once = {0, 0};
    struct timespec copy = at_once;
    if (mqv_system(SYS_ppoll, &readable, 1, &copy, NULL, 8) == 1 &&
        mqv_system(SYS_read, fd, &forgotten, sizeof forgotten) < 0)
      mqv_count("a timer that was not read");
    const struct itimerspec old = arm(timer, due, mqv_nanoseconds(&wanted->it_interval));
    if (before) *before = old;
    publish();
  }
  pthread_mutex_unlock(&lock);
  if (!timer) {
    errno = EINVAL;
    return -1;
  }
  if (mqv_timers_due() <= mqv_now()) mqv_fire_timers();
  tell();
  return 0;
}

MQV_EXPORT int timerfd_gettime(int fd, struct itimerspec* into) {
  if (!mqv_attached()) return MQV_REAL(timerfd_gettime)(fd, into);
  pthread_mutex_lock(&lock);
  const struct timer* const timer = fd > 0 ? find(fd) : NULL;
  if (timer) *into = state_of(timer);
  pthread_mutex_unlock(&lock);
  if (timer) return 0;
  errno = EINVAL;
  return -1;
}

void mqv_timer_closed(int fd) {
  pthread_mutex_lock(&lock);
  struct timer* const timer = find(fd);
  if (timer) *timer = (struct timer){.due = MQV_NEVER};
  publish();
  pthread_mutex_unlock(&lock);
}

// The copy reads the same events; setting it anew is not known to be done by anybody.
void mqv_timer_copied(int from, int to) {
  (void)from, (void)to;
  mqv_count("dup of a timerfd");
}

// ---- SIGALRM ------------------------------------------------------------------------------------

static struct itimerspec arm_alarm(uint64_t length, uint64_t every) {
  pthread_mutex_lock(&lock);
  const struct itimerspec before =
      arm(&timers[0], length == 0 ? MQV_NEVER : mqv_after(length), every);
  publish();
  pthread_mutex_unlock(&lock);
  tell();
  return before;
}

MQV_EXPORT unsigned alarm(unsigned seconds) {
  if (!mqv_attached()) return MQV_REAL(alarm)(seconds);
  const struct itimerspec before = arm_alarm((uint64_t)seconds * 1000000000, 0);
  return (unsigned)before.it_value.tv_sec + (before.it_value.tv_nsec > 0 ? 1 : 0);
}

static struct timeval timeval_of(struct timespec time) {
  return (struct timeval){.tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000};
}
static uint64_t nanoseconds_of(const struct timeval* time) {
  return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_usec * 1000;
}

MQV_EXPORT int setitimer(__itimer_which_t which, const struct itimerval* wanted,
                         struct itimerval* before) {
  if (!mqv_attached()) return MQV_REAL(setitimer)(which, wanted, before);
  if (which != ITIMER_REAL) {
    mqv_count("setitimer of the processor");
    return MQV_REAL(setitimer)(which, wanted, before);
  }
  const struct itimerspec old =
      arm_alarm(nanoseconds_of(&wanted->it_value), nanoseconds_of(&wanted->it_interval));
  if (before)
    *before = (struct itimerval){.it_interval = timeval_of(old.it_interval),
                                 .it_value = timeval_of(old.it_value)};
  return 0;
}

MQV_EXPORT int getitimer(__itimer_which_t which, struct itimerval* into) {
  if (!mqv_attached() || which != ITIMER_REAL) return MQV_REAL(getitimer)(which, into);
  pthread_mutex_lock(&lock);
  const struct itimerspec now = state_of(&timers[0]);
  pthread_mutex_unlock(&lock);
  *into = (struct itimerval){.it_interval = timeval_of(now.it_interval),
                             .it_value = timeval_of(now.it_value)};
  return 0;
}

MQV_EXPORT int timer_create(clockid_t clock, struct sigevent* event, timer_t* into) {
  if (mqv_attached()) mqv_count("timer_create");
  return MQV_REAL(timer_create)(clock, event, into);
}
