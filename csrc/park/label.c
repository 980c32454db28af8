/* label: see label.h. */
#include "park/label.h"

#include <stdio.h>
#include <string.h>

#define MAX_SHOWN 63 /* bytes of a name */

atomic_int thr_label_askers = 0;

thr_label *thr_label_new(const char *text, bool is_name) {
  size_t size = strlen(text) + 1;
  thr_label *label = thr_os_alloc(sizeof(*label) + size);
  if (!label) return NULL;
  label->is_name = is_name;
  memcpy(label->text, text, size);
  return label;
}

/* How much of a name is shown: no half of a character of UTF-8. */
static int shown(const char *name) {
  size_t n = strlen(name);
  if (n <= MAX_SHOWN) return (int)n;
  n = MAX_SHOWN;
  while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80) n--;
  return (int)n;
}

static void tell_name(char *to, const char *what, const char *name) {
  int n = shown(name);
  snprintf(to, THR_LABEL_ROOM, "%s \"%.*s%s\"", what, n, name,
           name[n] ? "..." : "");
}

void thr_label_tell(char to[THR_LABEL_ROOM], const char *what,
                    const void *object, const thr_label *label) {
  if (!label)
    snprintf(to, THR_LABEL_ROOM, "%s %p", what, object);
  else if (label->is_name)
    tell_name(to, what, label->text);
  else
    snprintf(to, THR_LABEL_ROOM, "%s %p (made at %s)", what, object,
             label->text);
}

void thr_label_tellplace(char to[THR_LABEL_ROOM], const char *what,
                         const void *object, const thr_label *label) {
  if (label && !label->is_name)
    snprintf(to, THR_LABEL_ROOM, "%s made at %s", what, label->text);
  else
    thr_label_tell(to, what, object, label);
}
