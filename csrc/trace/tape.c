/* tape: see tape.h. */
#include "trace/tape.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "os/stdio.h"

#define LONGEST_LINE 16384u /* five texts, all escaped */
#define LONGEST_TEXT 500 /* characters of a text that are told */

/* --- bytes --- */

void thr_tape_flush(thr_tape *t) {
  if (t->n > 0 && t->error == 0) {
    errno = 0;
    if (fwrite(t->bytes, 1, t->n, t->file) < t->n)
      t->error = errno ? errno : EIO;
  }
  t->n = 0;
}

/* Not by printf, which takes longer than all else that the writer does. */
static void add(thr_tape *t, const char *s) {
  size_t n = strlen(s);
  memcpy(t->bytes + t->n, s, n);
  t->n += n;
}

/* With zeros in front up to so many digits. */
static void add_natural(thr_tape *t, uint64_t n, int least) {
  char digits[24], *first = digits + sizeof(digits) - 1;
  *first = '\0';
  for (; n > 0 || least > 0; n /= 10, least--) *--first = (char)('0' + n % 10);
  add(t, first);
}

static void add_escaped(thr_tape *t, unsigned char c) {
  static const char hex[] = "0123456789abcdef";
  const char text[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15], '\0'};
  add(t, text);
}

/* How many bytes the character has that begins there, which stands for itself
** in a text; 0: it does not, or that is no UTF-8. */
static int length_of(const char *s) {
  unsigned char c = (unsigned char)*s;
  if (c < 0x80) return c >= ' ' && c != '"' && c != '\\' && c != 127;
  int n = c >= 0xf5 ? 0 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
  for (int i = 1; i < n; i++)
    if (((unsigned char)s[i] & 0xc0) != 0x80) return 0;
  return n;
}

/* A byte that is no UTF-8 is shown as Latin-1 has it. */
static void add_text(thr_tape *t, const char *s) {
  add(t, "\"");
  for (size_t i = 0; i < LONGEST_TEXT && s[i];) {
    int n = length_of(s + i);
    if (n == 0) add_escaped(t, (unsigned char)s[i++]);
    for (; n > 0; n--) t->bytes[t->n++] = s[i++];
  }
  add(t, "\"");
}

static void add_key(thr_tape *t, const char *name) {
  add(t, ",\"");
  add(t, name);
  add(t, "\":");
}

static void add_field(thr_tape *t, const char *name, const char *value) {
  add_key(t, name);
  add_text(t, value);
}

static void add_number(thr_tape *t, const char *name, int64_t n) {
  add_key(t, name);
  add_natural(t, n < 0 ? 0 : (uint64_t)n, 1);
}

/* Microseconds. */
static void add_time(thr_tape *t, const char *name, int64_t ns) {
  add_number(t, name, ns / 1000);
  add(t, ".");
  add_natural(t, ns < 0 ? 0 : (uint64_t)ns % 1000, 3);
}

static void begin(thr_tape *t, const char *phase, int64_t pid, uint64_t tid) {
  if (t->n + LONGEST_LINE > sizeof(t->bytes)) thr_tape_flush(t);
  add(t, "{\"ph\":\"");
  add(t, phase);
  add(t, "\"");
  add_number(t, "pid", pid);
  add_number(t, "tid", (int64_t)tid);
}

static void begin_of(thr_tape *t, const char *phase, const thr_ring *r,
                     int64_t at) {
  begin(t, phase, r->ts->rt->number, r->ts->ident);
  add_time(t, "ts", at - t->begun);
}

static void end(thr_tape *t) { add(t, "},\n"); }

/* --- the file --- */

int thr_tape_open(thr_tape *t, const char *name, int64_t now) {
  memset(t, 0, offsetof(thr_tape, bytes));
  t->file = fopen(name, "wb");
  if (!t->file) return errno;
  thr_os_noinherit(thr_os_fileno(t->file));
  setvbuf(t->file, NULL, _IONBF, 0); /* the child of a fork has nothing */
  t->begun = now;
  add(t, "[\n");
  thr_tape_flush(t);
  return t->error;
}

/* The last line has no comma. */
int thr_tape_close(thr_tape *t) {
  begin(t, "M", 0, 0);
  add(t, ",\"name\":\"trace_end\",\"args\":{}}\n]\n");
  thr_tape_flush(t);
  if (fclose(t->file) != 0 && t->error == 0) t->error = errno ? errno : EIO;
  return t->error;
}

/* --- events --- */

static void add_name(thr_tape *t, const char *event, const char *name) {
  add_field(t, "name", event);
  add(t, ",\"args\":{\"name\":");
  add_text(t, name);
  add(t, "}");
  end(t);
}

void thr_tape_process(thr_tape *t, int64_t pid) {
  char name[40] = "main interpreter";
  if (pid != 0) snprintf(name, sizeof(name), "interpreter %" PRId64, pid);
  begin(t, "M", pid, 0);
  add_name(t, "process_name", name);
}

void thr_tape_thread(thr_tape *t, const thr_ring *r) {
  begin(t, "M", r->ts->rt->number, r->ts->ident);
  add_name(t, "thread_name", r->track.name);
}

/* Fields of an event's args, for which there may be texts. */
typedef struct {
  const char *name;
  thr_text text;
} arg;

static void add_args(thr_tape *t, const arg *args, int n) {
  bool any = false;
  for (int i = 0; i < n; i++) {
    if (!args[i].text) continue;
    add(t, any ? ",\"" : ",\"args\":{\"");
    add(t, args[i].name);
    add(t, "\":");
    add_text(t, thr_texts_string(args[i].text));
    any = true;
  }
  if (any) add(t, "}");
}

static void add_state(thr_tape *t, const thr_event *e, thr_text place) {
  static const struct {
    const char *category, *name;
  } of[] = {[THR_EVENT_LUA] = {"lua", "runs Lua"},
            [THR_EVENT_READY] = {"ready", "ready to run"},
            [THR_EVENT_WAIT] = {"wait", "waits"},
            [THR_EVENT_FD] = {"fd", "waits for I/O"},
            [THR_EVENT_C] = {"c", "in C"},
            [THR_EVENT_KERNEL] = {"kernel", "compiled"}};
  bool runs = e->kind == THR_EVENT_C || e->kind == THR_EVENT_KERNEL;
  add_field(t, "cat", of[e->kind].category);
  add_field(t, "name",
            e->name ? thr_texts_string(e->name) : of[e->kind].name);
  const arg args[] = {{runs ? "fn" : "object", e->name},
                      {"kind", e->type},
                      {"at", e->kind == THR_EVENT_LUA ? place : e->place},
                      {"held_by", e->held_by},
                      {"held_at", e->held_at}};
  add_args(t, args, 5);
}

void thr_tape_span(thr_tape *t, const thr_ring *r, const thr_event *e,
                   int64_t until, thr_text place) {
  begin_of(t, "X", r, e->at);
  add_time(t, "dur", until - e->at);
  add_state(t, e, place);
  end(t);
}

void thr_tape_begin(thr_tape *t, const thr_ring *r, const thr_event *e) {
  begin_of(t, "B", r, e->at);
  add_state(t, e, 0);
  end(t);
}

void thr_tape_end(thr_tape *t, const thr_ring *r, int64_t at) {
  begin_of(t, "E", r, at);
  end(t);
}

void thr_tape_lasted(thr_tape *t, const thr_ring *r, const thr_event *e,
                     const char *category) {
  const arg args[] = {{"at", e->place}};
  begin_of(t, "X", r, e->since);
  add_time(t, "dur", e->at - e->since);
  add_field(t, "cat", category);
  add_field(t, "name", thr_texts_string(e->name));
  add_args(t, args, 1);
  end(t);
}

void thr_tape_instant(thr_tape *t, const thr_ring *r, const thr_event *e,
                      const char *name) {
  const arg args[] = {{"at", e->place}, {"text", e->type}};
  begin_of(t, "i", r, e->at);
  add(t, ",\"s\":\"t\"");
  add_field(t, "name", name);
  add_args(t, args, 2);
  end(t);
}

static void add_counter(thr_tape *t, const thr_ring *r, int64_t at,
                        const char *name, const char *unit, int64_t value) {
  begin_of(t, "C", r, at);
  add_field(t, "name", name);
  add(t, ",\"args\":{\"");
  add(t, unit);
  add(t, "\":");
  add_natural(t, value < 0 ? 0 : (uint64_t)value, 1);
  add(t, "}");
  end(t);
}

void thr_tape_counts(thr_tape *t, const thr_ring *r, const thr_event *e) {
  add_counter(t, r, e->at, "memory", "bytes", e->since);
  add_counter(t, r, e->at, "runnable", "threads", (int64_t)e->other);
}

static void add_flow(thr_tape *t, const char *category) {
  add_field(t, "cat", category);
  add_field(t, "name", category);
  add_number(t, "id", (int64_t)t->flows);
}

void thr_tape_flow(thr_tape *t, const thr_ring *r, const thr_event *e,
                   const char *category) {
  t->flows++;
  begin(t, "s", e->other_pid, e->other);
  add_time(t, "ts", e->at - t->begun);
  add_flow(t, category);
  end(t);
  begin_of(t, "f", r, e->at);
  add_flow(t, category);
  add(t, ",\"bp\":\"e\"");
  end(t);
}

void thr_tape_lock(thr_tape *t, const thr_meter *m, const thr_metered *by) {
  char place[LUA_IDSIZE + 16] = "C";
  if (by->where.line > 0)
    snprintf(place, sizeof(place), "%s:%d", by->where.file, by->where.line);
  begin(t, "M", m->pid, 0);
  add(t, ",\"name\":\"lock\",\"args\":{\"kind\":");
  add_text(t, m->kind);
  add_field(t, "object", m->object);
  add_number(t, "number", (int64_t)m->number);
  add_number(t, "taken", m->taken);
  add_field(t, "by", by->name);
  add_field(t, "at", place);
  add_number(t, "count", by->count);
  add_time(t, "held", by->total);
  add_time(t, "longest", by->longest);
  add(t, "}");
  end(t);
}

void thr_tape_until(thr_tape *t, int64_t now) {
  begin(t, "M", 0, 0);
  add_time(t, "ts", now - t->begun);
  add(t, ",\"name\":\"trace_until\",\"args\":{}");
  end(t);
}

void thr_tape_dropped(thr_tape *t, int64_t n) {
  begin(t, "M", 0, 0);
  add(t, ",\"name\":\"events_dropped\",\"args\":{\"events\":");
  add_natural(t, (uint64_t)n, 1);
  add(t, "}");
  end(t);
}
