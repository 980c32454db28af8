/* bell: see bell.h. */
#define _POSIX_C_SOURCE 200809L

#include "bell.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static sem_t private_bell;
static sem_t *own;                  /* const once it is open */
static char published[THM_BELLNAME]; /* engine */

/* Nobody has that name by chance; that somebody has taken it on purpose, O_EXCL
** finds. */
static void make_name(char name[THM_BELLNAME]) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(name, THM_BELLNAME, "/threading-mpi-%lx-%lx%08lx", (long)getpid(),
           (unsigned long)now.tv_sec, (unsigned long)now.tv_nsec);
}

static bool create(void) {
  make_name(published);
  own = sem_open(published, O_CREAT | O_EXCL, 0600, 0);
  if (own != SEM_FAILED) return true;
  published[0] = '\0';
  own = &private_bell;
  return sem_init(own, 0, 0) == 0;
}

bool thm_bell_open(char name[THM_BELLNAME]) {
  bool ok = own || create();
  memcpy(name, published, THM_BELLNAME);
  return ok;
}

void thm_bell_hide(void) {
  if (published[0] != '\0') sem_unlink(published);
  published[0] = '\0';
}

thm_bell *thm_bell_find(const char *name) {
  sem_t *s = name[0] != '\0' ? sem_open(name, 0) : SEM_FAILED;
  return s != SEM_FAILED ? (thm_bell *)s : NULL;
}

void thm_bell_ring(thm_bell *bell) {
  if (bell) sem_post((sem_t *)bell);
}

thm_bell *thm_bell_own(void) { return (thm_bell *)own; }

bool thm_bell_empty(void) {
  bool rung = false;
  while (sem_trywait(own) == 0) rung = true;
  return rung;
}

void thm_bell_sleep(double seconds) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t); /* the clock of sem_timedwait */
  long ns = t.tv_nsec + (long)(seconds * 1e9); /* parts of a second */
  t.tv_sec += ns / 1000000000;
  t.tv_nsec = ns % 1000000000;
  int r;
  do r = sem_timedwait(own, &t);
  while (r != 0 && errno == EINTR);
  if (r == 0) sem_post(own); /* for thm_bell_empty to see */
}
