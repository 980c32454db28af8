/* names, by the C library's resolver: see names.h. */
#define _GNU_SOURCE 1

#include "os/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define LONGEST 1025 /* a host's name, with its end */

struct thr_names {
  thr_namekind kind;
  int gai;       /* the error of getaddrinfo; 0: none */
  int host;      /* that of gethostbyname; 0: none */
  int system;    /* errno, where one of these says so */
  bool no_memory;
  thr_answer *first, *last;
  char name[];
};

thr_names *thr_names_new(thr_namekind kind, const char *host) {
  size_t size = strlen(host) + 1;
  thr_names *n = thr_os_alloc(sizeof(*n) + size);
  if (!n) return NULL;
  n->kind = kind;
  memcpy(n->name, host, size);
  return n;
}

void thr_names_free(thr_names *n) {
  while (n->first) {
    thr_answer *a = n->first;
    n->first = a->next;
    thr_os_free(a);
  }
  thr_os_free(n);
}

static void add(thr_names *n, thr_answerkind kind, const char *text) {
  size_t size = strlen(text) + 1;
  thr_answer *a = thr_os_alloc(sizeof(*a) + size);
  n->no_memory |= a == NULL;
  if (!a) return;
  a->kind = kind;
  memcpy(a->text, text, size);
  if (n->last) n->last->next = a;
  else n->first = a;
  n->last = a;
}

/* --- addresses --- */

static void add_address(thr_names *n, const struct addrinfo *a) {
  char text[LONGEST];
  thr_answerkind kind = a->ai_family == AF_INET    ? THR_INET
                        : a->ai_family == AF_INET6 ? THR_INET6
                                                   : THR_OTHER;
  int err = getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0,
                        NI_NUMERICHOST);
  if (err == 0) add(n, kind, text);
  else n->gai = err;
}

/* Returns what getaddrinfo does. */
static int find_addresses(thr_names *n, int flags) {
  struct addrinfo *list = NULL, hints;
  memset(&hints, 0, sizeof(hints));
  hints.ai_flags = flags;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = n->kind == THR_ADDRESSES4   ? AF_INET
                    : n->kind == THR_ADDRESSES6 ? AF_INET6
                                                : AF_UNSPEC;
  int err = getaddrinfo(n->name, NULL, &hints, &list);
  for (const struct addrinfo *a = list; err == 0 && a; a = a->ai_next)
    add_address(n, a);
  if (err == 0) freeaddrinfo(list);
  return err;
}

bool thr_names_isnumeric(thr_names *n) {
  return n->kind != THR_HOST && find_addresses(n, AI_NUMERICHOST) == 0;
}

/* --- a host --- */

static void add_host(thr_names *n, const struct hostent *h) {
  char text[LONGEST];
  add(n, THR_NAME, h->h_name);
  for (char **alias = h->h_aliases; alias && *alias; alias++)
    add(n, THR_ALIAS, *alias);
  for (char **ip = h->h_addr_list; ip && *ip; ip++)
    if (inet_ntop(h->h_addrtype, *ip, text, sizeof(text)))
      add(n, THR_INET, text);
}

#if defined(__linux__)

/* Room for what the answer points to.  More is asked for by ERANGE. */
static int try_find(thr_names *n, char *room, size_t size, int *host) {
  struct in_addr addr;
  struct hostent h, *found = NULL;
  int err;
  if (inet_aton(n->name, &addr))
    err = gethostbyaddr_r(&addr, sizeof(addr), AF_INET, &h, room, size, &found,
                          host);
  else
    err = gethostbyname_r(n->name, &h, room, size, &found, host);
  if (err == 0 && found) add_host(n, found);
  if (err == 0 && found) *host = 0;
  return err;
}

static void find_host(thr_names *n) {
  int err = ERANGE, host = 0;
  for (size_t size = 1024; err == ERANGE && size < 1 << 20; size *= 4) {
    char *room = thr_os_alloc(size);
    n->no_memory |= room == NULL;
    if (!room) return;
    err = try_find(n, room, size, &host);
    thr_os_free(room);
  }
  n->host = host;
  n->system = err;
}

#else

/* Where there is no other one, the answer is the calling thread's. */
static void find_host(thr_names *n) {
  struct in_addr addr;
  const struct hostent *h = inet_aton(n->name, &addr)
                                ? gethostbyaddr(&addr, sizeof(addr), AF_INET)
                                : gethostbyname(n->name);
  if (h) add_host(n, h);
  n->host = h ? 0 : h_errno;
  n->system = h ? 0 : errno;
}

#endif

/* --- the whole --- */

void thr_names_lookup(thr_names *n) {
  if (n->kind == THR_HOST) {
    find_host(n);
  } else {
    int err = find_addresses(n, 0);
    if (err != 0) n->gai = err;
    n->system = errno;
  }
}

const thr_answer *thr_names_answers(const thr_names *n) { return n->first; }

/* The words are LuaSocket's. */
static const char *gai_text(const thr_names *n) {
  switch (n->gai) {
    case EAI_AGAIN: return "temporary failure in name resolution";
    case EAI_BADFLAGS: return "invalid value for ai_flags";
    case EAI_FAIL: return "non-recoverable failure in name resolution";
    case EAI_FAMILY: return "ai_family not supported";
    case EAI_MEMORY: return "memory allocation failure";
    case EAI_NONAME: return "host or service not provided, or not known";
#if defined(EAI_OVERFLOW)
    case EAI_OVERFLOW: return "argument buffer overflow";
#endif
    case EAI_SERVICE: return "service not supported for socket type";
    case EAI_SOCKTYPE: return "ai_socktype not supported";
    case EAI_SYSTEM: return strerror(n->system);
    default: return gai_strerror(n->gai);
  }
}

const char *thr_names_error(const thr_names *n) {
  if (n->no_memory) return "not enough memory";
  if (n->gai != 0) return gai_text(n);
  if (n->host == HOST_NOT_FOUND) return "host not found";
  if (n->host > 0) return hstrerror(n->host);
  return n->first ? NULL : strerror(n->system);
}
