/*
** stream: the body of a parcel on its way between the memory of two ranks, in
** blocks, for MPI counts in ints.
*/
#ifndef THM_STREAM_H
#define THM_STREAM_H

#include <mpi.h>

#include "port.h"

THM_PRIVATE_BEGIN

/* All is the engine's. */
typedef struct {
  MPI_Comm comm;
  int peer, tag;
  bool out; /* to the peer */
  char *at;
  uint64_t left; /* bytes, without the block that is under way */
  MPI_Request request;
} thm_stream;

/* Go on; MPI's error code.  `over` when all is sent, or received. */
int thm_stream_start(thm_stream *s);
int thm_stream_poll(thm_stream *s, bool *over);

THM_PRIVATE_END

#endif
