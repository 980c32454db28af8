/*
** collect: jobs that all ranks do together, on the memory of Arrays.
**
** All ranks of the comm must submit the same ones in the same order, with the
** same counts and types: Lua sees to that (together.lua).
*/
#ifndef THM_COLLECT_H
#define THM_COLLECT_H

#include "comm.h"

THM_PRIVATE_BEGIN

typedef enum {
  THM_BROADCAST, /* out, of the root, to the out of all */
  THM_GATHER,    /* the ins to the out of the root */
  THM_ALLGATHER, /* to the outs of all */
  THM_SCATTER,   /* the in of the root to the outs of all */
  THM_REDUCE,    /* the ins, put together, to the out of the root */
  THM_ALLREDUCE  /* to the outs of all */
} thm_collectkind;

typedef enum { THM_SUM, THM_PRODUCT, THM_MIN, THM_MAX } thm_operation;

/* const once it is submitted */
typedef struct {
  thm_comm *comm;
  thm_collectkind kind;
  thm_operation operation;
  int root;
  int type;     /* THREADING_INT8 ... */
  int count;    /* elements of one rank's share */
  void *in;     /* NULL: out has it */
  void *out;    /* NULL: where only the root gets something */
  const threading_api *api;
  threading_object *held[2]; /* the job's, or NULL */
} thm_collecting;

/* To be submitted; NULL: no memory. */
thm_job *thm_collect(const thm_collecting *what);

THM_PRIVATE_END

#endif
