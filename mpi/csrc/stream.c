/* stream: see stream.h. */
#include "stream.h"

#include "tuning.h"

int thm_stream_start(thm_stream *s) {
  int n = s->left < THM_BLOCK ? (int)s->left : THM_BLOCK;
  int code = s->out ? MPI_Isend(s->at, n, MPI_BYTE, s->peer, s->tag, s->comm,
                                &s->request)
                    : MPI_Irecv(s->at, n, MPI_BYTE, s->peer, s->tag, s->comm,
                                &s->request);
  s->at += n;
  s->left -= (uint64_t)n;
  return code;
}

int thm_stream_poll(thm_stream *s, bool *over) {
  int done = 0;
  int code = MPI_Test(&s->request, &done, MPI_STATUS_IGNORE);
  *over = code == MPI_SUCCESS && done && s->left == 0;
  if (code == MPI_SUCCESS && done && s->left > 0) code = thm_stream_start(s);
  return code;
}
