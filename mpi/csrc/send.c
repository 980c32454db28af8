/* send: see send.h. */
#include "send.h"

#include <stdio.h>
#include <string.h>

#include "stream.h"
#include "tuning.h"

typedef enum { NEW, LEAVING, LEFT, ASKED, STREAMING, REFUSED } state;

/* All is the engine's, once it is submitted. */
struct thm_send {
  thm_job job;
  thm_send *unasked; /* the next one of the comm's */
  thm_comm *comm;
  int to;
  state state;
  bool asked; /* perhaps before MPI says that it has left */
  MPI_Request request;
  char *data; /* of the body, where it is long */
  thm_stream body;
  const threading_api *api; /* of what is held */
  threading_object *held;   /* an Array, or NULL */
  thm_head head;            /* what goes out begins here */
  unsigned char bytes[];    /* a body, long or short */
};

static bool is_word(const thm_send *s) { return s->head.kind >= THM_ASK; }

static bool is_long(const thm_send *s) { return s->data != NULL; }

bool thm_send_islong(size_t size) { return size > THM_SHORT; }

/* --- on the engine --- */

static void remember(thm_send *s) {
  s->unasked = s->comm->unasked;
  s->comm->unasked = s;
}

static void forget(thm_send *s) {
  thm_send **at = &s->comm->unasked;
  while (*at && *at != s) at = &(*at)->unasked;
  if (*at) *at = s->unasked;
}

/* The answer to a long one may come before MPI_Test says that its head is
** out. */
static bool begin(thm_send *s) {
  size_t body = is_long(s) ? 0 : s->head.size;
  if (!is_word(s)) s->head.number = ++s->comm->number;
  s->state = LEAVING;
  int code = MPI_Isend(&s->head, (int)(sizeof(s->head) + body), MPI_BYTE, s->to,
                       THM_HEADS, s->comm->mpi, &s->request);
  if (thm_job_failed(&s->job, code, "MPI_Isend")) return false;
  if (is_long(s)) remember(s);
  return true;
}

/* True: there is an error. */
static bool leave(thm_send *s) {
  int out = 0;
  int code = MPI_Test(&s->request, &out, MPI_STATUS_IGNORE);
  if (thm_job_failed(&s->job, code, "MPI_Isend")) {
    forget(s);
    return true;
  }
  s->job.haste = THM_SOON;
  if (!out) return false;
  thm_bell_ring(s->comm->bells[s->to]);
  s->job.haste = THM_RINGS;
  s->state = s->asked ? ASKED : LEFT;
  return false;
}

static bool begin_body(thm_send *s) {
  s->body = (thm_stream){.comm = s->comm->mpi,
                         .peer = s->to,
                         .tag = THM_BODY(s->head.number),
                         .out = true,
                         .at = s->data,
                         .left = s->head.size};
  s->state = STREAMING;
  s->job.haste = THM_AT_ONCE;
  return !thm_job_failed(&s->job, thm_stream_start(&s->body), "MPI_Isend");
}

static bool go_on(thm_send *s) {
  bool over;
  return thm_job_failed(&s->job, thm_stream_poll(&s->body, &over),
                        "MPI_Isend") ||
         over;
}

static bool poll(thm_job *j) {
  thm_send *s = (thm_send *)j;
  if (s->state == NEW && !begin(s)) return true;
  if (s->state == LEAVING && leave(s)) return true;
  if (s->state == LEFT) return !is_long(s);
  if (s->state == ASKED && !begin_body(s)) return true;
  if (s->state == STREAMING) return go_on(s);
  return s->state == REFUSED;
}

static thm_send *find(const thm_comm *c, int to, uint32_t number) {
  thm_send *s = c->unasked;
  while (s && (s->to != to || s->head.number != number)) s = s->unasked;
  return s;
}

void thm_send_asked(thm_comm *c, int by, uint32_t number) {
  thm_send *s = find(c, by, number);
  if (!s) return;
  forget(s);
  s->asked = true;
  if (s->state == LEFT) s->state = ASKED;
}

void thm_send_refused(thm_comm *c, int by, uint32_t number, const char *why,
                      size_t length) {
  thm_send *s = find(c, by, number);
  if (!s) return;
  forget(s);
  snprintf(s->job.error, sizeof(s->job.error), "%.*s", (int)length, why);
  s->state = REFUSED;
}

/* --- making them --- */

static void free_send(thm_job *j) {
  const thm_send *s = (thm_send *)j;
  if (s->held) s->api->drop(s->held);
}

static thm_send *new_send(thm_comm *c, int to, thm_parcelkind kind, int tag,
                          size_t room) {
  thm_send *s = thm_job_new(sizeof(*s) + room, poll, free_send);
  if (!s) return NULL;
  s->comm = c;
  s->to = to;
  s->head.kind = kind;
  s->head.tag = tag;
  return s;
}

thm_job *thm_send_value(thm_comm *c, int to, int tag, const void *bytes,
                        size_t size) {
  thm_send *s = new_send(c, to, THM_VALUE, tag, size);
  if (!s) return NULL;
  s->head.size = size;
  memcpy(s->bytes, bytes, size);
  if (thm_send_islong(size)) s->data = (char *)s->bytes;
  return &s->job;
}

thm_job *thm_send_array(thm_comm *c, int to, int tag, const threading_array *a,
                        size_t size, const threading_api *api,
                        threading_object *held) {
  thm_send *s = new_send(c, to, THM_ARRAY, tag, 1);
  if (!s) return NULL;
  s->head.size = size;
  s->head.length = a->length;
  s->head.type = a->type;
  s->data = a->length > 0 ? a->data : (char *)s->bytes;
  s->api = api;
  s->held = held;
  return &s->job;
}

thm_job *thm_send_word(thm_comm *c, int to, thm_parcelkind kind,
                       uint32_t number, const char *text) {
  size_t size = text ? strlen(text) : 0;
  thm_send *s = new_send(c, to, kind, 0, size);
  if (!s) return NULL;
  s->head.number = number;
  s->head.size = size;
  if (text) memcpy(s->bytes, text, size);
  return &s->job;
}
