/* texts: see texts.h. */
#include "trace/texts.h"

#include <string.h>

#include "os/tuning.h"

#define SLOTS ((size_t)2 * THR_TRACE_TEXTS)
#define OTHER 1u /* the text that stands for those that found no room */

static thr_mutex m = THR_MUTEX_INIT;
static const char **strings; /* m to write: by number; const once there */
static thr_text *slots;      /* m: by hash; 0: free */
static thr_text last;        /* m */

static uint32_t hash_of(const char *s) { /* FNV-1a */
  uint32_t h = UINT32_C(2166136261);
  for (; *s; s++) h = (h ^ (unsigned char)*s) * UINT32_C(16777619);
  return h;
}

/* Where the text is, or where it would be. */
static thr_text *find(const char *s) {
  uint32_t i = hash_of(s) % SLOTS;
  while (slots[i] && strcmp(strings[slots[i]], s) != 0) i = (i + 1) % SLOTS;
  return &slots[i];
}

static thr_text add(const char *s) {
  size_t size = strlen(s) + 1;
  char *own = last + 1 < THR_TRACE_TEXTS ? thr_os_alloc(size) : NULL;
  if (!own) return OTHER;
  memcpy(own, s, size);
  strings[++last] = own;
  return last;
}

static thr_text number_of(const char *s) {
  thr_text *slot = find(s);
  if (!*slot) {
    thr_text n = add(s);
    if (n == OTHER && last > OTHER) return OTHER;
    *slot = n;
  }
  return *slot;
}

static bool make(void) {
  if (strings) return true;
  slots = thr_os_alloc(sizeof(*slots) * SLOTS);
  strings = thr_os_alloc(sizeof(*strings) * THR_TRACE_TEXTS);
  if (slots && strings) {
    strings[0] = "";
    *find("...") = add("..."); /* it is OTHER */
    if (last == OTHER) return true;
  }
  thr_os_free(slots);
  thr_os_free(strings);
  strings = NULL;
  return false;
}

bool thr_texts_open(void) {
  thr_mutex_lock(&m);
  bool made = make();
  thr_mutex_unlock(&m);
  return made;
}

thr_text thr_texts_of(const char *s) {
  if (!*s) return 0;
  thr_mutex_lock(&m);
  thr_text n = number_of(s);
  thr_mutex_unlock(&m);
  return n;
}

const char *thr_texts_string(thr_text text) { return strings[text]; }

void thr_texts_afterfork(void) { thr_mutex_init(&m); }
