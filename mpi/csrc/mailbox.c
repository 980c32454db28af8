/* mailbox: see mailbox.h. */
#include "mailbox.h"

void thm_mailbox_init(thm_mailbox *m) { m->last = &m->first; }

/* Tags below 0 are this library's: who asks for any tag does not mean them. */
static bool wants(const thm_receiver *r, const thm_parcel *p) {
  return (r->source == THM_ANY || r->source == p->source) &&
         (r->tag == THM_ANYTAG ? p->head.tag >= 0 : r->tag == p->head.tag);
}

static void give(thm_receiver *r, thm_parcel *p) {
  r->got = p;
  r->waits = false;
  thm_waiter_wake(&r->waiter);
}

void thm_mailbox_put(thm_mailbox *m, thm_parcel *p) {
  for (thm_receiver **at = &m->waiting; *at; at = &(*at)->next) {
    if (wants(*at, p)) {
      thm_receiver *r = *at;
      *at = r->next;
      give(r, p);
      return;
    }
  }
  p->next = NULL;
  *m->last = p;
  m->last = &p->next;
}

static void unlink_parcel(thm_mailbox *m, thm_parcel **at) {
  thm_parcel *p = *at;
  *at = p->next;
  if (m->last == &p->next) m->last = at;
}

static void enlist(thm_mailbox *m, thm_receiver *r) {
  thm_receiver **end = &m->waiting;
  while (*end) end = &(*end)->next;
  r->next = NULL;
  r->waits = true;
  *end = r;
}

bool thm_mailbox_take(thm_mailbox *m, thm_receiver *r) {
  for (thm_parcel **at = &m->first; *at; at = &(*at)->next) {
    if (wants(r, *at)) {
      r->got = *at;
      unlink_parcel(m, at);
      return true;
    }
  }
  if (m->stopped) r->stopped = true;
  else enlist(m, r);
  return false;
}

static void put_back(thm_mailbox *m, thm_parcel *p) {
  p->next = m->first;
  if (!m->first) m->last = &p->next;
  m->first = p;
}

void thm_mailbox_leave(thm_mailbox *m, thm_receiver *r) {
  if (r->waits) {
    thm_receiver **at = &m->waiting;
    while (*at != r) at = &(*at)->next;
    *at = r->next;
    r->waits = false;
  } else if (r->got) {
    put_back(m, r->got);
    r->got = NULL;
  }
}

void thm_mailbox_stop(thm_mailbox *m) {
  m->stopped = true;
  while (m->waiting) {
    thm_receiver *r = m->waiting;
    m->waiting = r->next;
    r->waits = false;
    r->stopped = true;
    thm_waiter_wake(&r->waiter);
  }
}
