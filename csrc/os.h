/*
** os: what the library asks of the operating system, and nothing else.
**
** The only unit that includes <pthread.h>, <signal.h> or <semaphore.h>, and
** the only one with a platform `#if`.  Time is int64_t nanoseconds of the
** monotonic clock; a deadline is a point on that clock, THR_FOREVER is none.
** May be called by everybody, with or without the global lock.
*/
#ifndef THR_OS_H
#define THR_OS_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
** Beside POSIX we use what Linux and its C libraries have of their own.  Other
** systems go without; so does -DTHR_POSIX_ONLY, which shows on Linux that
** their part works.
*/
#if defined(__linux__) && !defined(THR_POSIX_ONLY)
#define THR_LINUX 1
#endif
#if defined(THR_LINUX) && defined(__GLIBC__)
#define THR_GLIBC(major, minor) __GLIBC_PREREQ(major, minor)
#else
#define THR_GLIBC(major, minor) 0
#endif

/* Between these two stand the declarations of every header of the library:
** what they declare is not exported from the shared object. */
#if defined(__GNUC__)
#define THR_PRIVATE_BEGIN _Pragma("GCC visibility push(hidden)")
#define THR_PRIVATE_END _Pragma("GCC visibility pop")
#else
#define THR_PRIVATE_BEGIN
#define THR_PRIVATE_END
#endif

THR_PRIVATE_BEGIN

#define THR_FOREVER INT64_MAX
#define THR_SECOND INT64_C(1000000000)

/*
** A thread's own pointer must be readable inside a signal handler, where the
** lazy kind of thread-local storage may call malloc.
*/
#if defined(__GLIBC__) && defined(__GNUC__)
#define THR_TLS __attribute__((tls_model("initial-exec"))) _Thread_local
#else
#define THR_TLS _Thread_local
#endif

typedef pthread_mutex_t thr_mutex; /* held for a few instructions only */
#define THR_MUTEX_INIT PTHREAD_MUTEX_INITIALIZER
typedef pthread_t thr_osthread;

typedef pthread_once_t thr_once;
#define THR_ONCE_INIT PTHREAD_ONCE_INIT
#define thr_os_once(o, fn) ((void)pthread_once((o), (fn)))

/*
** A thread's semaphore, on which it alone sleeps.  A main thread's is made of a
** pipe: only poll can let signals in and fall asleep in one step, and a Ctrl-C
** that came between the last look and the sleep would be lost.  A thread that
** watches a descriptor needs poll too, but not a descriptor more: the
** preemption signal wakes it as well, for two system calls more.
*/
typedef enum {
  THR_SEM_PLAIN,
  THR_SEM_PIPE,
  THR_SEM_SIGNAL /* needs nothing; who posts knows that the thread lives */
} thr_semkind;

typedef struct {
  thr_semkind kind;
  union {
    struct { /* the plain kind */
#if THR_GLIBC(2, 30) /* has sem_clockwait */
      sem_t sem;
#else
#define THR_SEM_IS_COND 1
      pthread_mutex_t m;
      pthread_cond_t c;
      unsigned tokens; /* under m */
#endif
    };
    struct { /* the others */
      thr_osthread sleeper; /* who has made it */
      int in, out;          /* the pipe's ends, or -1 */
      _Atomic bool token;   /* set by who posts, taken by who waits */
      _Atomic bool asleep;  /* set by who waits: a post must end its sleep */
    };
  };
} thr_sem;

typedef enum {
  THR_SEM_TAKEN,
  THR_SEM_READY, /* the descriptor that is watched */
  THR_SEM_TIMEOUT,
  THR_SEM_EINTR
} thr_semwait;

/* A descriptor that is watched beside a semaphore. */
enum {
  THR_IN = 1,
  THR_OUT = 2,
  THR_NOFD = 4 /* no such descriptor is open */
};
typedef struct {
  int fd;
  unsigned wanted; /* THR_IN, THR_OUT */
  unsigned ready;  /* those of them that will not block; or THR_NOFD */
} thr_watch;

/* The one door for the memory of ours: zeroed, NULL if there is none.  Big
** pieces cost nothing until they are touched. */
void *thr_os_alloc(size_t size);
void *thr_os_realloc(void *p, size_t size); /* as realloc; size > 0 */
void thr_os_free(void *p);

/* clocks, in nanoseconds */
int64_t thr_os_monotonic(void);
int64_t thr_os_realtime(void);
int64_t thr_os_threadtime(void);
int64_t thr_os_processtime(void);

void thr_mutex_init(thr_mutex *m);
void thr_mutex_lock(thr_mutex *m);
void thr_mutex_unlock(thr_mutex *m);
void thr_mutex_destroy(thr_mutex *m);

/* Made by the thread that sleeps on it, but for the plain kind.  False: no
** resources. */
bool thr_sem_init(thr_sem *s, thr_semkind kind);
void thr_sem_post(thr_sem *s);
bool thr_sem_try(thr_sem *s); /* takes a token if there is one */
thr_semwait thr_sem_wait(thr_sem *s, int64_t deadline);
/* On a semaphore that is not plain: until a token comes or the descriptor, if
** that is not NULL, is ready. */
thr_semwait thr_sem_waitfd(thr_sem *s, thr_watch *watch, int64_t deadline);
/* The same; with all signals blocked it first asks `look`, and returns
** THR_SEM_EINTR at once if that says so. */
thr_semwait thr_sem_waitafter(thr_sem *s, thr_watch *watch, int64_t deadline,
                              bool (*look)(void *), void *arg);
void thr_sem_destroy(thr_sem *s);

/* Is it ready now? */
bool thr_os_look(thr_watch *watch);

/*
** Starts a thread that blocks every asynchronous signal but the preemption
** signal.  `stack` in bytes, 0 for the system's default.  Returns 0 or errno.
*/
int thr_os_start(thr_osthread *t, size_t stack, void *(*fn)(void *), void *arg);
/* Blocks what a thread that thr_os_start has started blocks, or lets it in. */
void thr_os_blocksignals(bool block);
void thr_os_join(thr_osthread t);
/* `fn`, the same for all, is called on the calling thread where that ends,
** after what others do there. */
void thr_os_atthreadend(void (*fn)(void));
thr_osthread thr_os_self(void);
void thr_os_setname(const char *name); /* of the calling thread */
int64_t thr_os_nativeid(void);
bool thr_os_stackok(size_t size); /* may a thread have this stack size? */
int thr_os_cpu(void); /* on which processor this runs; 0 where none tells */
int thr_os_cpucount(void);        /* processors this process may use */

/*
** Makes `fn` the handler of the preemption signal, once per process, and
** lets the calling thread receive it.  Returns 0 or errno.
*/
int thr_os_handlepreempt(void (*fn)(void));
void thr_os_preempt(thr_osthread t);
/* Lets the preemption signal in, or not; returns whether it was before. */
bool thr_os_letpreempt(bool in);

/* From now on the handler of Ctrl-C, if that signal has one, is called only
** if `may` says so, and `after` after it. */
void thr_os_aroundsigint(bool (*may)(void), void (*after)(void));

/* pthread_atfork, once per process.  Returns 0 or errno. */
int thr_os_atfork(void (*before)(void), void (*parent)(void),
                  void (*child)(void));

/* Keeps the shared object that holds `address` in memory until the process
** ends: a living thread must never lose its code to dlclose. */
void thr_os_keeploaded(const void *address);
#if defined(__GNUC__)
#define thr_os_caller() __builtin_return_address(0)
#else
#define thr_os_caller() NULL
#endif

/* `fn` becomes what signal `sig` does, on the calling thread wherever it
** arrives.  Returns 0 or errno. */
int thr_os_onsignal(int sig, void (*fn)(void));
/* "QUIT", "SIGQUIT" -> its number; 0: unknown */
int thr_os_signumber(const char *name);

int thr_os_raise(int sig); /* to this process; returns 0 or errno */
int thr_os_sigint(void);
bool thr_os_sigvalid(int sig);

bool thr_os_isterminal(void); /* is stderr one? */

static inline void thr_os_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

THR_PRIVATE_END

#endif
