/* phrase: see phrase.h. */
#include "socket/phrase.h"

#include <errno.h>
#include <string.h>

const char *thr_phrase(int err) {
  switch (err) {
    case 0:
    case EPIPE:
    case ECONNABORTED:
    case ECONNRESET: return "closed";
    case ETIMEDOUT: return "timeout";
    case EISCONN: return "already connected";
    case EACCES: return "permission denied";
    case ECONNREFUSED: return "connection refused";
    default: return strerror(err);
  }
}
