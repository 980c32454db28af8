/*
** os: what the library asks of the operating system, and nothing else.
**
** What all rooms need: memory, clocks, mutexes, private descriptors and the
** environment (os.c), threads (pthread.c), processors (cpu.c) and signals
** (signal.c).
**
** Laws
** - This room alone includes the system's headers and has a platform `#if`.
** - Time is int64_t nanoseconds of the monotonic clock; a deadline is a point
**   on that clock, THR_FOREVER is none.
** - Any thread may call what is here, with or without the global lock.  Only
**   thr_os_join and thr_os_stop wait, for a thread that is about to end.
*/
#ifndef THR_OS_H
#define THR_OS_H

#include <pthread.h>
#include <time.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

typedef pthread_mutex_t thr_mutex; /* held for a few instructions only */
#define THR_MUTEX_INIT PTHREAD_MUTEX_INITIALIZER
typedef pthread_t thr_osthread;

typedef pthread_once_t thr_once;
#define THR_ONCE_INIT PTHREAD_ONCE_INIT
#define thr_os_once(o, fn) ((void)pthread_once((o), (fn)))

/* The one door for the memory of ours: zeroed, NULL if there is none.  Big
** pieces cost nothing until they are touched. */
void *thr_os_alloc(size_t size);
void *thr_os_realloc(void *p, size_t size); /* as realloc; size > 0 */
void thr_os_free(void *p);

/* Memory that processes share: zeroed, and not in memory until it is touched,
** behind a descriptor that no program inherits, by which another process gets
** it.  n > 0.  NULL with errno. */
void *thr_os_sharedmemory(size_t n, int *fd);
/* The same memory, of a descriptor that has come from another process; NULL: it
** has none of n bytes. */
void *thr_os_mapshared(int fd, size_t n);
void thr_os_unmapshared(void *p, size_t n);
/* Is the memory of both the same? */
bool thr_os_issameshared(int a, int b);

/* clocks, in nanoseconds */
int64_t thr_os_monotonic(void);
int64_t thr_os_realtime(void);
int64_t thr_os_threadtime(void);
int64_t thr_os_processtime(void);
struct timespec thr_os_timespec(int64_t ns);

void thr_mutex_init(thr_mutex *m);
void thr_mutex_lock(thr_mutex *m);
void thr_mutex_unlock(thr_mutex *m);
void thr_mutex_destroy(thr_mutex *m);

/*
** Starts a thread that blocks every asynchronous signal but the preemption
** signal.  `stack` in bytes, 0 for the system's default.  Returns 0 or errno.
*/
int thr_os_start(thr_osthread *t, size_t stack, void *(*fn)(void *), void *arg);
/* Blocks what a thread that thr_os_start has started blocks, or lets it in. */
void thr_os_blocksignals(bool block);
void thr_os_join(thr_osthread t);
void thr_os_detach(thr_osthread t); /* instead: nobody joins it */
/* Calls fn(arg) on a thread of ours, which thr_os_stop may end while it waits
** in the system between thr_os_letstop(true) and (false): then stopped(arg) is
** called, and no more of the thread.  Some systems cannot end one: there it is
** left behind. */
void thr_os_runstoppable(void (*fn)(void *), void (*stopped)(void *),
                         void *arg);
void thr_os_letstop(bool let);
void thr_os_stop(thr_osthread t); /* instead of thr_os_join */
/* `fn`, the same for all, is called on the calling thread where that ends,
** after what others do there. */
void thr_os_atthreadend(void (*fn)(void));
thr_osthread thr_os_self(void);
void thr_os_setname(const char *name); /* of the calling thread */
int64_t thr_os_nativeid(void);
bool thr_os_stackok(size_t size); /* may a thread have this stack size? */
/* The address below which calls of the calling thread that nest without bounds
** must not go: what is left there is enough for what they call. */
char *thr_os_stacklimit(void);
/* How much of the processors' time a thread of this process has had, or
** THR_FOREVER where that is unknown.  The calling thread's own is
** thr_os_threadtime. */
int64_t thr_os_timeof(thr_osthread t, int64_t native_id);
/* What a thread of this process does, which is not the calling one.  Where
** that is unknown, one that makes no progress for a moment sleeps. */
typedef enum {
  THR_RUNS,
  THR_WAITS, /* for a processor: in a computation or at the end of a sleep */
  THR_SLEEPS
} thr_activity;
thr_activity thr_os_activity(thr_osthread t, int64_t native_id);
int thr_os_cpu(void); /* on which processor this runs; 0: unknown */
void thr_os_yield(void); /* lets others run on this processor */
int thr_os_cpucount(void);        /* processors this process may use */

/*
** Makes `fn` the handler of the preemption signal, once per process, and
** lets the calling thread receive it.  Returns 0 or errno.  Where another
** handler takes its place, and nobody hears the signals any more, it comes back
** and calls that one, too.
*/
int thr_os_handlepreempt(void (*fn)(void));
void thr_os_preempt(thr_osthread t);
/* Ends a sleep that lets the signal in; it is sent once, and must be heard. */
void thr_os_disturb(thr_osthread t);
/* Lets the preemption signal in, or not; returns whether it was before. */
bool thr_os_letpreempt(bool in);

/* From now on the handler of Ctrl-C, if that signal has one, is called only
** if `may` says so, and `after` after it. */
void thr_os_aroundsigint(bool (*may)(void), void (*after)(void));

/* The handler of Ctrl-C has run once: if it has taken itself off by that, as
** lua.c's does, it is set again, with may and after around it. */
void thr_os_sigintagain(void);
/* Where Ctrl-C would end the process, `after` is called instead if `may` says
** so; until that is undone. */
void thr_os_catchsigint(bool (*may)(void), void (*after)(void));
void thr_os_uncatchsigint(void);

/* The keys by which a terminal interrupts a program, and makes it quit, are
** meant for another one, until this is called again to let them in. */
void thr_os_ignorekeys(bool ignore);
/* Adds to a sigset_t the signals that are ignored for that reason alone. */
void thr_os_addkeys(void *set);

/* pthread_atfork, unless *done, which it sets.  Returns 0 or errno. */
int thr_os_atfork(bool *done, void (*before)(void), void (*parent)(void),
                  void (*child)(void));

/* `fn` becomes what signal `sig` does, on the calling thread wherever it
** arrives.  Returns 0 or errno. */
int thr_os_onsignal(int sig, void (*fn)(void));
/* "QUIT", "SIGQUIT" -> its number; 0: unknown */
int thr_os_signumber(const char *name);
/* Those that it knows; NULL ends them. */
const char *const *thr_os_signames(void);

int thr_os_raise(int sig); /* to this process; returns 0 or errno */
int thr_os_sigint(void);
/* Ctrl-C, which was blocked, does nothing in this process from now on; but the
** programs that it starts are ended by it. */
void thr_os_ignoreinterrupt(void);
bool thr_os_sigvalid(int sig);
bool thr_os_sighandled(int sig); /* by a function, not by default */

bool thr_os_isterminal(void); /* is stderr one? */

/*
** No program that we start inherits a descriptor of ours, and none has the
** number of a standard stream.  Where these are closed, the system gives their
** numbers to the next descriptors that are made, and what is read from, or
** printed to, a stream would go there.
*/

/* Moves a new descriptor that has the number of a standard stream, and returns
** it; a number less than 0 it returns.  -1 with errno: it is closed. */
int thr_os_abovestandard(int fd);
/* No program that is started from now on inherits it. */
void thr_os_noinherit(int fd);
/* Another descriptor of the same, which no program inherits; -1 with errno. */
int thr_os_duplicate(int fd);
/* A pipe of ours.  Returns 0 or errno. */
int thr_os_privatepipe(int fd[2]);
/* Two sockets of ours that are connected to each other.  Likewise. */
int thr_os_socketpair(int fd[2]);
void thr_os_close(int fd);
/* Nothing more is sent to, or received from, the other end of a socket: a call
** that would wait for that fails at once. */
void thr_os_hangup(int fd);
/* The other end sees the end of what is sent. */
void thr_os_endsending(int fd);

/* What a socket has, or takes, without a wait: how many bytes; or, less than 0,
** minus errno: -EAGAIN where it would have to wait.  That nobody is at the
** other end raises no signal where the system can be told so. */
ptrdiff_t thr_os_receive(int fd, void *to, size_t n);
ptrdiff_t thr_os_send(int fd, const void *from, size_t n);
/* Does what thr_os_receive has returned say that the other end was closed, and
** had not received all that it was sent?  False: that is unknown. */
bool thr_os_isunread(ptrdiff_t received);

/* The same with a descriptor, which each can have: one is sent along where
** `along` is not -1; and *along becomes one that has come, which no program
** inherits, or stays -1. */
ptrdiff_t thr_os_receivealong(int fd, void *to, size_t n, int *along);
ptrdiff_t thr_os_sendalong(int fd, const void *from, size_t n, int along);

/* Who has sent a datagram, in numbers; or why that cannot be told. */
typedef struct {
  char host[64];
  int port;
  const char *error; /* or NULL */
} thr_sender;

ptrdiff_t thr_os_receivefrom(int fd, void *to, size_t n, thr_sender *sender);

/*
** The environment, and whether it may be trusted.  A program may have more
** rights than the user who starts it, and so chooses its environment
** (set-user-ID, set-group-ID, file capabilities): such a program sees none of
** it here.
*/

/* Has this process more rights than the one that started it? */
bool thr_os_elevated(void);

/* As getenv; NULL where thr_os_elevated. */
const char *thr_os_getenv(const char *name);

/* Has the environment a THREADING_DEBUG that is neither empty nor "0"?  It is
** read once. */
bool thr_os_debugs(void);

/* Programs that are started from now on do not have it. */
void thr_os_unsetenv(const char *name);
/* As environ. */
char **thr_os_environ(void);

/* What programs get that this one starts for its own purposes: where
** thr_os_elevated, no more than where the system's programs are. */
char **thr_os_trustedenviron(void);

/* The executable file of a program's name, found by PATH if there is no slash
** in it.  Returns 0 or errno. */
int thr_os_findprogram(const char *name, char *path, size_t size);

/* The file that this process runs; false: that is unknown. */
bool thr_os_executable(char *path, size_t size);
int64_t thr_os_processid(void);

/* Where that is without links.  False: that is unknown, or it is a script. */
bool thr_os_findbinary(const char *name, char *path, size_t size);

static inline void thr_os_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

THR_PRIVATE_END

#endif
