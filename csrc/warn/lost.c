/* lost: see lost.h. */
#include "warn/lost.h"

#include <stdio.h>
#include <string.h>

#include "gil/record.h"
#include "os/tuning.h"
#include "warn/told.h"

static THR_TLS struct {
  const void *object;
  thr_where where;
  bool reads;    /* the first access to it there was a read */
  bool has_read; /* the last one was: of the element i, these bits */
  size_t i;
  int64_t bits;
} last;

static THR_TLS struct {
  const void *object;
  int n;         /* so often in succession it was in vain, */
  int64_t since; /* from then on */
} vain;

/* Whether a line reads and then stores, or stores and then reads in a loop, is
** known by what it has done first. */
static bool come_to(lua_State *L, const void *object, bool reads) {
  thr_where here;
  thr_told_place(L, &here);
  bool again = last.object == object && thr_describe_issame(&last.where, &here);
  if (again) return true;
  last.object = object;
  last.where = here;
  last.reads = reads;
  return false;
}

void thr_lost_read(lua_State *L, const void *object, size_t i, int64_t bits) {
  come_to(L, object, true);
  last.has_read = true;
  last.i = i;
  last.bits = bits;
}

static void tell_lost(const char *what, const thr_label *label) {
  bool is_value = strcmp(what, "Value") == 0;
  char text[THR_LABEL_ROOM];
  if (label && label->is_name) thr_label_tell(text, what, NULL, label);
  else snprintf(text, sizeof(text), is_value ? "a %s" : "an %s", what);
  thr_told("lost", &last.where,
           "%s:%d reads a number of %s and stores another one, and what "
           "another thread has stored in between is lost: use %s, or hold a "
           "Lock",
           last.where.file, last.where.line, text,
           is_value ? "fetch_add or compare_exchange" : "fetch_add");
}

void thr_lost_store(lua_State *L, const void *object, size_t i, int64_t bits,
                    const char *what, const thr_label *label) {
  bool again = come_to(L, object, false), has_read = last.has_read;
  last.has_read = false;
  if (again && has_read && last.reads && last.i == i && last.bits != bits)
    tell_lost(what, label);
}

static bool is_spinning(const void *object) {
  int64_t now = thr_os_monotonic();
  if (vain.object != object || now - vain.since > THR_SPIN_TIME) {
    vain.object = object;
    vain.n = 0;
    vain.since = now;
  }
  return ++vain.n == THR_SPIN_TRIES;
}

void thr_lost_exchange(lua_State *L, const void *object, bool done) {
  thr_where here;
  if (done) {
    vain.object = NULL;
  } else if (is_spinning(object)) {
    thr_told_place(L, &here);
    thr_told("spin", &here,
             "%s:%d tries compare_exchange of a Value again and again until it "
             "succeeds: wait for a Lock, an Event or a Condition, which lets "
             "the others run",
             here.file, here.line);
  }
}
