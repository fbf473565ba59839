// The two ways of waiting: giving the turn away, and being woken by the shim's own thread.
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/inside.h"

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

// ---- Token mode ---------------------------------------------------------------------------------

int mqv_give_turn(uint64_t deadline) {
  struct mqv_page* const page = mqv_attached();
  int result = mqv_again;
  __atomic_store_n(&page->deadline, earlier(deadline, mqv_timers_due()), __ATOMIC_RELAXED);
  __atomic_store_n(&page->turn, mqv_simulator_runs, __ATOMIC_RELEASE);
  mqv_system(SYS_futex, &page->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
  while (mqv_load32(&page->turn) != mqv_program_runs) {
    const long woken =
        mqv_system(SYS_futex, &page->turn, FUTEX_WAIT, mqv_simulator_runs, NULL, NULL, 0);
    if (woken != 0 && errno == EINTR) result = mqv_interrupted;  // its handler has run
  }
  mqv_has_waited();
  const uint64_t now = mqv_now();
  if (mqv_timers_due() <= now && mqv_fire_timers()) result = mqv_interrupted;
  return result == mqv_again && now >= deadline ? mqv_over : result;
}

// ---- Threads mode -------------------------------------------------------------------------------

// What this process waits for, beside the slot of the same number in the page.
static struct mqv_wait* waits[mqv_slots_max];
static pthread_mutex_t waking = PTHREAD_MUTEX_INITIALIZER;
static int has_waker;
static uint32_t timer_slot = UINT32_MAX;
static __thread uint32_t my_slot __attribute__((tls_model("initial-exec"))) = UINT32_MAX;
static __thread int my_event __attribute__((tls_model("initial-exec"))) = -1;
static pthread_key_t at_exit_of_thread;
static pthread_once_t key_is_made = PTHREAD_ONCE_INIT;

static void wake(struct mqv_wait* wait) {
  if (wait->kind == mqv_by_event) {
    const uint64_t one = 1;
    if (mqv_system(SYS_write, wait->event, &one, sizeof one) < 0) mqv_count("a lost wake-up");
  } else if (wait->kind == mqv_by_condition) {
    pthread_cond_broadcast(wait->object);
  } else {
    mqv_system(SYS_futex, wait->object, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
    mqv_system(SYS_futex, wait->object, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
  }
}

// The shim's own thread: at each tick it wakes whoever is due.
static void* wake_who_is_due(void* unused) {
  (void)unused;
  struct mqv_page* const page = mqv_attached();
  uint32_t seen = mqv_load32(&page->tick) - 1;  // the first round looks in any case
  for (;;) {
    while (mqv_load32(&page->tick) == seen)
      mqv_system(SYS_futex, &page->tick, FUTEX_WAIT, seen, NULL, NULL, 0);
    seen = mqv_load32(&page->tick);
    const uint64_t now = mqv_now();
    if (mqv_timers_due() <= now) mqv_fire_timers();
    pthread_mutex_lock(&waking);
    const uint32_t used = mqv_load32(&page->slots_used);
    for (uint32_t i = 0; i < used && i < mqv_slots_max; ++i)
      if (waits[i] && mqv_load(&page->slots[i].deadline) <= now) wake(waits[i]);
    pthread_mutex_unlock(&waking);
  }
  return NULL;
}

static void need_waker(void) {
  pthread_mutex_lock(&waking);
  if (!has_waker) {
    has_waker = 1;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (mqv_real_thread(&thread, wake_who_is_due) != 0) mqv_refuse(mqv_fault_full);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  pthread_mutex_unlock(&waking);
}

static uint32_t take_slot(uint32_t tid) {
  struct mqv_page* const page = mqv_attached();
  for (uint32_t i = 0; i < mqv_slots_max; ++i) {
    uint32_t free = 0;
    if (!__atomic_compare_exchange_n(&page->slots[i].pid, &free, (uint32_t)mqv_real_pid(), 0,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      continue;
    __atomic_store_n(&page->slots[i].deadline, MQV_NEVER, __ATOMIC_RELEASE);
    __atomic_store_n(&page->slots[i].tid, tid, __ATOMIC_RELEASE);
    uint32_t used = mqv_load32(&page->slots_used);
    while (used < i + 1 && !__atomic_compare_exchange_n(&page->slots_used, &used, i + 1, 0,
                                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
    }
    return i;
  }
  mqv_refuse(mqv_fault_full);
}

static void thread_ends(void* unused) {
  (void)unused;
  mqv_forget_thread();
}
static void make_key(void) { pthread_key_create(&at_exit_of_thread, thread_ends); }

void mqv_begin_wait(struct mqv_wait* wait, uint64_t deadline) {
  struct mqv_page* const page = mqv_attached();
  if (my_slot == UINT32_MAX) {
    need_waker();
    pthread_once(&key_is_made, make_key);
    my_slot = take_slot((uint32_t)mqv_system(SYS_gettid));
    pthread_setspecific(at_exit_of_thread, page);
  }
  if (wait->kind == mqv_by_event) {
    if (my_event < 0) my_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    wait->event = my_event;
  }
  pthread_mutex_lock(&waking);
  waits[my_slot] = wait;
  pthread_mutex_unlock(&waking);
  __atomic_store_n(&page->slots[my_slot].deadline, deadline, __ATOMIC_RELEASE);
}

void mqv_end_wait(struct mqv_wait* wait) {
  const int before = errno;
  mqv_has_waited();
  __atomic_store_n(&mqv_attached()->slots[my_slot].deadline, MQV_NEVER, __ATOMIC_RELEASE);
  pthread_mutex_lock(&waking);
  waits[my_slot] = NULL;
  pthread_mutex_unlock(&waking);
  uint64_t count;
  if (wait->kind == mqv_by_event)
    while (mqv_system(SYS_read, wait->event, &count, sizeof count) > 0) {
    }
  errno = before;
}

// A simulator that is gone opens no gate: children that outlive the program must find out.
void mqv_pass_gate(void) {
  struct mqv_page* const page = mqv_attached();
  const struct timespec a_while = {1, 0};  // of real time: too rare to look like work
  const int before = errno;
  while (mqv_load32(&page->gate) == mqv_gate_closed) {
    const long woken =
        mqv_system(SYS_futex, &page->gate, FUTEX_WAIT, mqv_gate_closed, &a_while, NULL, 0);
    if (woken != 0 && errno == ETIMEDOUT && mqv_system(SYS_kill, page->simulator, 0) != 0 &&
        errno == ESRCH)
      break;
  }
  errno = before;
}

void mqv_forget_thread(void) {
  if (my_slot == UINT32_MAX) return;
  struct mqv_slot* const slot = &mqv_attached()->slots[my_slot];
  __atomic_store_n(&slot->deadline, MQV_NEVER, __ATOMIC_RELEASE);
  __atomic_store_n(&slot->tid, 0, __ATOMIC_RELEASE);
  __atomic_store_n(&slot->pid, 0, __ATOMIC_RELEASE);
  my_slot = UINT32_MAX;
  if (my_event >= 0) mqv_system(SYS_close, my_event);
  my_event = -1;
}

void mqv_forget_other_threads(void) {
  memset(waits, 0, sizeof waits);
  waking = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
  has_waker = 0;
  timer_slot = my_slot = UINT32_MAX;
  my_event = -1;
}

void mqv_publish_timers(uint64_t deadline) {
  struct mqv_page* const page = mqv_attached();
  if (mqv_is_token()) return;  // told with the turn
  if (timer_slot == UINT32_MAX) {
    if (deadline == MQV_NEVER) return;
    need_waker();
    timer_slot = take_slot(0);
  }
  __atomic_store_n(&page->slots[timer_slot].deadline, deadline, __ATOMIC_RELEASE);
}

// ---- Either -------------------------------------------------------------------------------------

int mqv_sleep_until(uint64_t deadline) {
  if (mqv_is_token()) {
    for (;;) {
      if (mqv_now() >= deadline) return 0;
      const int how = mqv_give_turn(deadline);
      if (how == mqv_over) return 0;
      if (how == mqv_interrupted) break;
    }
  } else {
    struct mqv_wait wait = {.kind = mqv_by_event};
    int interrupted = 0;
    mqv_begin_wait(&wait, deadline);
    while (mqv_now() < deadline && !interrupted) {
      struct pollfd event = {.fd = wait.event, .events = POLLIN};
      interrupted = mqv_system(SYS_ppoll, &event, 1, NULL, NULL, 8) < 0 && errno == EINTR;
    }
    mqv_end_wait(&wait);
    if (!interrupted) return 0;
  }
  errno = EINTR;
  return -1;
}
