/*
** names: what hosts are called, and which addresses they have.
**
** Laws
** - thr_names_lookup blocks, for as long as the resolver likes: it is called
**   without the global lock.  It touches its own lookup alone, and may be
**   called on any thread.
*/
#ifndef THR_NAMES_H
#define THR_NAMES_H

#include "os/os.h"

THR_PRIVATE_BEGIN

/* What is asked for. */
typedef enum {
  THR_ADDRESSES,  /* by getaddrinfo */
  THR_ADDRESSES4, /* the same, of IPv4 alone */
  THR_ADDRESSES6, /* of IPv6 alone */
  THR_HOST        /* by gethostbyname, or gethostbyaddr of an address */
} thr_namekind;

/* One answer, in a list. */
typedef enum {
  THR_INET,  /* an address */
  THR_INET6, /* likewise */
  THR_OTHER, /* likewise, of a family without a name */
  THR_NAME,  /* the host's name */
  THR_ALIAS  /* another one */
} thr_answerkind;

typedef struct thr_answer {
  struct thr_answer *next;
  thr_answerkind kind;
  char text[];
} thr_answer;

typedef struct thr_names thr_names;

thr_names *thr_names_new(thr_namekind kind, const char *host); /* NULL: no
                                                                  memory */
void thr_names_free(thr_names *n);

/* Finds what is known without asking anybody: a numeric address is its own
** address.  False: it is to be looked up. */
bool thr_names_isnumeric(thr_names *n);
void thr_names_lookup(thr_names *n);

/* The answers; or why there are none, and NULL where there are. */
const thr_answer *thr_names_answers(const thr_names *n);
const char *thr_names_error(const thr_names *n);

THR_PRIVATE_END

#endif
