// Threads, and waiting for what other threads do.
#include <errno.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <threads.h>

#include "shim/inside.h"

typedef int create_function(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

int mqv_real_thread(pthread_t* thread, void* (*run)(void*)) {
  return ((create_function*)mqv_find("pthread_create"))(thread, NULL, run, NULL);
}

static void a_thread_starts(void) {
  if (!mqv_attached()) return;
  if (mqv_is_token()) mqv_refuse(mqv_fault_threads);
  __atomic_add_fetch(&mqv_attached()->threads_seen, 1, __ATOMIC_RELAXED);
}

MQV_EXPORT int pthread_create(pthread_t* restrict thread, const pthread_attr_t* restrict attributes,
                              void* (*run)(void*), void* restrict argument) {
  a_thread_starts();
  return MQV_REAL(pthread_create)(thread, attributes, run, argument);
}

MQV_EXPORT int thrd_create(thrd_t* thread, thrd_start_t run, void* argument) {
  a_thread_starts();
  return MQV_REAL(thrd_create)(thread, run, argument);
}

// ---- The clock of a condition -------------------------------------------------------------------

// Those that go by the monotonic clock; the others go by that of the day.
enum { conditions_max = 16384 };
static const pthread_cond_t* monotonic[conditions_max];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int place_of(const pthread_cond_t* condition) {
  return (int)(((uintptr_t)condition / sizeof(void*)) % conditions_max);
}
static void set_clock(const pthread_cond_t* condition, int is_monotonic) {
  pthread_mutex_lock(&lock);
  int free = -1;
  for (int i = 0, at = place_of(condition); i < 64; ++i, at = (at + 1) % conditions_max) {
    if (monotonic[at] == condition) monotonic[at] = NULL;
    if (!monotonic[at] && free < 0) free = at;
  }
  if (is_monotonic && free >= 0) monotonic[free] = condition;
  pthread_mutex_unlock(&lock);
  if (is_monotonic && free < 0) mqv_count("pthread_cond_init");
}
static clockid_t clock_of(const pthread_cond_t* condition) {
  clockid_t clock = CLOCK_REALTIME;
  pthread_mutex_lock(&lock);
  for (int i = 0, at = place_of(condition); i < 64; ++i, at = (at + 1) % conditions_max)
    if (monotonic[at] == condition) clock = CLOCK_MONOTONIC;
  pthread_mutex_unlock(&lock);
  return clock;
}

MQV_EXPORT int pthread_cond_init(pthread_cond_t* restrict condition,
                                 const pthread_condattr_t* restrict attributes) {
  clockid_t clock = CLOCK_REALTIME;
  if (attributes) pthread_condattr_getclock(attributes, &clock);
  if (mqv_attached()) set_clock(condition, clock == CLOCK_MONOTONIC);
  return MQV_REAL(pthread_cond_init)(condition, attributes);
}

MQV_EXPORT int pthread_cond_destroy(pthread_cond_t* condition) {
  if (mqv_attached()) set_clock(condition, 0);
  return MQV_REAL(pthread_cond_destroy)(condition);
}

// ---- Conditions ---------------------------------------------------------------------------------

static int wait_until(pthread_cond_t* condition, pthread_mutex_t* mutex, uint64_t deadline) {
  if (mqv_is_token()) {  // nobody else could give a signal
    pthread_mutex_unlock(mutex);
    while (mqv_sleep_until(deadline) != 0) {
    }
    pthread_mutex_lock(mutex);
    return ETIMEDOUT;
  }
  if (mqv_now() >= deadline) {
    pthread_mutex_unlock(mutex);
    pthread_mutex_lock(mutex);
    return ETIMEDOUT;
  }
  struct mqv_wait wait = {.kind = mqv_by_condition, .object = condition};
  mqv_begin_wait(&wait, deadline);
  const int result = MQV_REAL(pthread_cond_wait)(condition, mutex);
  mqv_end_wait(&wait);
  return result == 0 && mqv_now() >= deadline ? ETIMEDOUT : result;
}

MQV_EXPORT int pthread_cond_wait(pthread_cond_t* restrict condition,
                                 pthread_mutex_t* restrict mutex) {
  if (mqv_attached() && mqv_is_token()) return wait_until(condition, mutex, MQV_NEVER);
  return MQV_REAL(pthread_cond_wait)(condition, mutex);
}

MQV_EXPORT int pthread_cond_timedwait(pthread_cond_t* restrict condition,
                                      pthread_mutex_t* restrict mutex,
                                      const struct timespec* restrict until) {
  if (!mqv_attached()) return MQV_REAL(pthread_cond_timedwait)(condition, mutex, until);
  return wait_until(condition, mutex, mqv_instant_of(clock_of(condition), until));
}

MQV_EXPORT int pthread_cond_clockwait(pthread_cond_t* restrict condition,
                                      pthread_mutex_t* restrict mutex, clockid_t clock,
                                      const struct timespec* restrict until) {
  if (!mqv_attached()) return MQV_REAL(pthread_cond_clockwait)(condition, mutex, clock, until);
  return wait_until(condition, mutex, mqv_instant_of(clock, until));
}

MQV_EXPORT int cnd_timedwait(cnd_t* restrict condition, mtx_t* restrict mutex,
                             const struct timespec* restrict until) {
  if (!mqv_attached()) return MQV_REAL(cnd_timedwait)(condition, mutex, until);
  const int result = wait_until((pthread_cond_t*)condition, (pthread_mutex_t*)mutex,
                                mqv_instant_of(CLOCK_REALTIME, until));
  return result == 0 ? thrd_success : result == ETIMEDOUT ? thrd_timedout : thrd_error;
}

// ---- Futexes, of those who bring their own locks ------------------------------------------------

int mqv_futex_wait(uint32_t* word, int operation, uint32_t value, uint32_t mask,
                   uint64_t deadline) {
  if (mqv_load32(word) != value) {
    errno = EAGAIN;
    return -1;
  }
  if (mqv_now() >= deadline) {
    errno = ETIMEDOUT;
    return -1;
  }
  if (mqv_is_token()) {
    if (mqv_sleep_until(deadline) == 0) errno = ETIMEDOUT;
    return -1;
  }
  struct mqv_wait wait = {.kind = mqv_by_futex, .object = word};
  mqv_begin_wait(&wait, deadline);
  const long result = mqv_system(SYS_futex, word, operation, value, NULL, NULL, mask);
  mqv_end_wait(&wait);
  if (result != 0 || mqv_now() < deadline) return (int)result;
  errno = ETIMEDOUT;
  return -1;
}

// ---- Semaphores: who waits with a limit is woken by the post that we see ------------------------

static uint32_t posts;    // of any semaphore
static uint32_t waiting;  // how many wait with a limit

static int take_until(sem_t* semaphore, uint64_t deadline) {
  int result;
  __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
  for (;;) {
    const uint32_t seen = __atomic_load_n(&posts, __ATOMIC_SEQ_CST);
    result = sem_trywait(semaphore);
    if (result == 0 || errno != EAGAIN) break;
    if (mqv_futex_wait(&posts, FUTEX_WAIT_PRIVATE, seen, 0, deadline) == 0 || errno == EAGAIN)
      continue;
    if (errno == EINTR) break;
    if (errno == ETIMEDOUT) {
      result = sem_trywait(semaphore);
      if (result != 0) errno = ETIMEDOUT;
      break;
    }
  }
  __atomic_sub_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
  return result;
}

MQV_EXPORT int sem_post(sem_t* semaphore) {
  const int result = MQV_REAL(sem_post)(semaphore);
  if (mqv_attached() && __atomic_load_n(&waiting, __ATOMIC_SEQ_CST) > 0) {
    __atomic_add_fetch(&posts, 1, __ATOMIC_SEQ_CST);
    mqv_system(SYS_futex, &posts, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
  }
  return result;
}

MQV_EXPORT int sem_wait(sem_t* semaphore) {
  if (!mqv_attached() || !mqv_is_token()) return MQV_REAL(sem_wait)(semaphore);
  return take_until(semaphore, MQV_NEVER);
}

MQV_EXPORT int sem_timedwait(sem_t* restrict semaphore, const struct timespec* restrict until) {
  if (!mqv_attached()) return MQV_REAL(sem_timedwait)(semaphore, until);
  return take_until(semaphore, mqv_instant_of(CLOCK_REALTIME, until));
}

MQV_EXPORT int sem_clockwait(sem_t* restrict semaphore, clockid_t clock,
                             const struct timespec* restrict until) {
  if (!mqv_attached()) return MQV_REAL(sem_clockwait)(semaphore, clock, until);
  return take_until(semaphore, mqv_instant_of(clock, until));
}

// ---- Known, and not served: counted when they would have to wait --------------------------------

MQV_EXPORT int pthread_mutex_timedlock(pthread_mutex_t* restrict mutex,
                                       const struct timespec* restrict until) {
  if (!mqv_attached()) return MQV_REAL(pthread_mutex_timedlock)(mutex, until);
  if (pthread_mutex_trylock(mutex) == 0) return 0;
  mqv_count("pthread_mutex_timedlock");
  return pthread_mutex_lock(mutex);
}

MQV_EXPORT int pthread_mutex_clocklock(pthread_mutex_t* restrict mutex, clockid_t clock,
                                       const struct timespec* restrict until) {
  if (!mqv_attached()) return MQV_REAL(pthread_mutex_clocklock)(mutex, clock, until);
  if (pthread_mutex_trylock(mutex) == 0) return 0;
  mqv_count("pthread_mutex_clocklock");
  return pthread_mutex_lock(mutex);
}

MQV_EXPORT int mtx_timedlock(mtx_t* restrict mutex, const struct timespec* restrict until) {
  if (!mqv_attached()) return MQV_REAL(mtx_timedlock)(mutex, until);
  if (mtx_trylock(mutex) == thrd_success) return thrd_success;
  mqv_count("mtx_timedlock");
  return mtx_lock(mutex);
}

MQV_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t* restrict rwlock,
                                          const struct timespec* restrict until) {
  if (!mqv_attached()) return MQV_REAL(pthread_rwlock_timedrdlock)(rwlock, until);
  if (pthread_rwlock_tryrdlock(rwlock) == 0) return 0;
  mqv_count("pthread_rwlock_timedrdlock");
  return pthread_rwlock_rdlock(rwlock);
}

MQV_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t* restrict rwlock,
                                          const struct timespec* restrict until) {
  if (!mqv_attached()) return MQV_REAL(pthread_rwlock_timedwrlock)(rwlock, until);
  if (pthread_rwlock_trywrlock(rwlock) == 0) return 0;
  mqv_count("pthread_rwlock_timedwrlock");
  return pthread_rwlock_wrlock(rwlock);
}

MQV_EXPORT int pthread_timedjoin_np(pthread_t thread, void** result, const struct timespec* until) {
  if (!mqv_attached()) return MQV_REAL(pthread_timedjoin_np)(thread, result, until);
  if (pthread_tryjoin_np(thread, result) == 0) return 0;
  mqv_count("pthread_timedjoin_np");
  return pthread_join(thread, result);
}

MQV_EXPORT int semtimedop(int set, struct sembuf* operations, size_t count,
                          const struct timespec* length) {
  if (mqv_attached() && length) mqv_count("semtimedop");
  return MQV_REAL(semtimedop)(set, operations, count, length);
}

MQV_EXPORT ssize_t mq_timedreceive(mqd_t queue, char* restrict into, size_t size,
                                   unsigned* restrict priority,
                                   const struct timespec* restrict until) {
  if (mqv_attached()) mqv_count("mq_timedreceive");
  return MQV_REAL(mq_timedreceive)(queue, into, size, priority, until);
}

MQV_EXPORT int mq_timedsend(mqd_t queue, const char* from, size_t size, unsigned priority,
                            const struct timespec* until) {
  if (mqv_attached()) mqv_count("mq_timedsend");
  return MQV_REAL(mq_timedsend)(queue, from, size, priority, until);
}
