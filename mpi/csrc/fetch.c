/* fetch: see fetch.h. */
#include "fetch.h"

#include <stdlib.h>

#include "send.h"
#include "stream.h"

/* All is the engine's, once it is submitted. */
typedef struct {
  thm_job job;
  thm_comm *comm;
  int from;
  uint32_t number;
  bool begun;
  thm_stream body;
  char *own; /* memory, or NULL */
  const threading_api *api;
  threading_object *held;
} fetch;

/* The body has a place to come to before it is asked for. */
static bool begin(fetch *f) {
  f->begun = true;
  f->job.haste = THM_AT_ONCE;
  if (thm_job_failed(&f->job, thm_stream_start(&f->body), "MPI_Irecv"))
    return false;
  thm_job *ask = thm_send_word(f->comm, f->from, THM_ASK, f->number, NULL);
  if (!ask) abort(); /* 200 bytes: there is no way back from here */
  thm_engine_submit(ask);
  thm_job_drop(ask);
  return true;
}

static bool poll(thm_job *j) {
  fetch *f = (fetch *)j;
  bool over;
  if (!f->begun && !begin(f)) return true;
  return thm_job_failed(j, thm_stream_poll(&f->body, &over), "MPI_Irecv") ||
         over;
}

static void free_fetch(thm_job *j) {
  fetch *f = (fetch *)j;
  free(f->own);
  if (f->held) f->api->drop(f->held);
}

thm_job *thm_fetch(thm_comm *c, const thm_parcel *p, void *into,
                   const threading_api *api, threading_object *held) {
  fetch *f = thm_job_new(sizeof(*f), poll, free_fetch);
  if (!f) return NULL;
  if (!into) into = f->own = malloc(p->head.size + 1);
  if (!into) {
    thm_job_drop(&f->job);
    return NULL;
  }
  f->comm = c;
  f->from = p->source;
  f->number = p->head.number;
  f->body = (thm_stream){.comm = c->mpi,
                         .peer = p->source,
                         .tag = THM_BODY(p->head.number),
                         .at = into,
                         .left = p->head.size};
  f->api = api;
  f->held = held;
  return &f->job;
}

const char *thm_fetch_bytes(const thm_job *j) { return ((fetch *)j)->own; }
