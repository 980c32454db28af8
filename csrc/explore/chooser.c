/* chooser: see chooser.h. */
#include "explore/chooser.h"

#include "os/os.h"

#define MAX_STICKS 6u /* 1, 1/2 ... 1/32 */

/* --- chance: splitmix64 --- */

static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static uint64_t draw(thr_chooser *ch, uint64_t below) {
  ch->random += UINT64_C(0x9e3779b97f4a7c15);
  return mix(ch->random) % below;
}

/* --- pct --- */

static bool draw_changes(thr_chooser *ch) {
  int n = ch->how.depth - 1;
  uint64_t length = ch->how.length > 0 ? (uint64_t)ch->how.length : 1;
  if (n <= 0) return true;
  ch->changes = thr_os_alloc((size_t)n * sizeof(*ch->changes));
  if (!ch->changes) return false;
  for (int i = 0; i < n; i++) ch->changes[i] = (int64_t)draw(ch, length) + 1;
  return true;
}

static bool is_change(const thr_chooser *ch, int64_t point) {
  for (int i = 0; i < ch->how.depth - 1; i++)
    if (ch->changes[i] == point) return true;
  return false;
}

/* A thread starts with a random priority above 0.  One that falls is below all
** that have fallen before.  (Without memory it does not fall.) */
static void fall(thr_chooser *ch, int thread) {
  if (thread >= ch->threads) {
    int room = 2 * thread + 8;
    int64_t *falls = thr_os_realloc(ch->falls, (size_t)room * sizeof(*falls));
    if (!falls) return;
    for (int i = ch->threads; i < room; i++) falls[i] = 0;
    ch->falls = falls;
    ch->threads = room;
  }
  ch->falls[thread] = --ch->fallen;
}

static int64_t priority(const thr_chooser *ch, int thread) {
  if (thread < ch->threads && ch->falls[thread] != 0) return ch->falls[thread];
  return (int64_t)(mix(ch->how.seed + (uint64_t)thread) >> 2) + 1;
}

static int next_pct(thr_chooser *ch, const thr_point *p) {
  if (p->demoted || is_change(ch, p->number)) fall(ch, p->current);
  int best = p->ready[0];
  for (int i = 1; i < p->n; i++)
    if (priority(ch, p->ready[i]) > priority(ch, best)) best = p->ready[i];
  return best;
}

/* --- the others --- */

static bool is_ready(const thr_point *p, int thread) {
  for (int i = 0; i < p->n; i++)
    if (p->ready[i] == thread) return true;
  return false;
}

/* Goes on, or else the one whose number follows. */
static int next_default(const thr_point *p) {
  if (p->goes_on) return p->current;
  for (int i = 0; i < p->n; i++)
    if (p->ready[i] > p->current) return p->ready[i];
  return p->ready[0];
}

static int next_planned(thr_chooser *ch, const thr_point *p) {
  const thr_choosing *how = &ch->how;
  while (ch->at < how->pairs && how->plan[ch->at].first < p->number) ch->at++;
  if (ch->at < how->pairs && how->plan[ch->at].first == p->number) {
    int thread = (int)how->plan[ch->at].second;
    if (is_ready(p, thread)) return thread;
    if (ch->strayed == 0) ch->strayed = p->number;
  }
  return next_default(p);
}

static bool is_left_alone(thr_chooser *ch, const thr_point *p) {
  if (ch->coarse && !p->fresh) return true;
  if (ch->first_goes_on && p->current == 1) return true;
  return draw(ch, UINT64_C(1) << ch->sticks) != 0;
}

static int next_sticky(thr_chooser *ch, const thr_point *p) {
  if (p->goes_on && is_left_alone(ch, p)) return p->current;
  int others = p->goes_on ? p->n - 1 : p->n;
  if (others == 0) return p->current;
  int i = (int)draw(ch, (uint64_t)others);
  if (!p->goes_on) return p->ready[i];
  for (int j = 0; j <= i; j++)
    if (p->ready[j] == p->current) return p->ready[i + 1];
  return p->ready[i];
}

/* Begins with the next pair whose thread can run; those that cannot are left
** out: what is shrunk is replayed, too. */
static int next_pair(thr_chooser *ch, const thr_point *p) {
  const thr_choosing *how = &ch->how;
  while (++ch->at < how->pairs) {
    int thread = (int)how->plan[ch->at].first;
    ch->left = how->plan[ch->at].second;
    if (is_ready(p, thread)) return thread;
    if (ch->strayed == 0) ch->strayed = p->number;
  }
  return next_default(p);
}

static int next_replayed(thr_chooser *ch, const thr_point *p) {
  if (ch->at >= ch->how.pairs) return next_default(p);
  if (ch->how.plan[ch->at].first != p->current) {
    if (ch->strayed == 0) ch->strayed = p->number;
  } else if (--ch->left > 0) {
    if (is_ready(p, p->current)) return p->current;
    if (ch->strayed == 0) ch->strayed = p->number;
  }
  return next_pair(ch, p);
}

bool thr_chooser_init(thr_chooser *ch, const thr_choosing *how) {
  *ch = (thr_chooser){.how = *how, .random = mix(how->seed)};
  ch->sticks = (unsigned)draw(ch, MAX_STICKS);
  ch->coarse = draw(ch, 2) == 0;
  ch->first_goes_on = draw(ch, 4) != 0;
  if (how->strategy == THR_CHOOSE_REPLAY && how->pairs > 0)
    ch->left = how->plan[0].second;
  return how->strategy != THR_CHOOSE_PCT || draw_changes(ch);
}

void thr_chooser_destroy(thr_chooser *ch) {
  thr_os_free(ch->how.plan);
  thr_os_free(ch->changes);
  thr_os_free(ch->falls);
}

int thr_chooser_next(thr_chooser *ch, const thr_point *p) {
  switch (ch->how.strategy) {
    case THR_CHOOSE_REPLAY: return next_replayed(ch, p);
    case THR_CHOOSE_PCT: return next_pct(ch, p);
    case THR_CHOOSE_RANDOM: return p->ready[draw(ch, (uint64_t)p->n)];
    case THR_CHOOSE_STICKY: return next_sticky(ch, p);
    case THR_CHOOSE_ASK: {
      int thread = ch->how.ask(ch->how.arg, p);
      return is_ready(p, thread) ? thread : next_default(p);
    }
    default: return next_planned(ch, p);
  }
}

/* Nothing is chosen after the last point of a schedule that was stopped there:
** one may be left. */
bool thr_chooser_isbehind(const thr_chooser *ch) {
  return ch->how.strategy == THR_CHOOSE_REPLAY && ch->strayed == 0 &&
         ch->at < ch->how.pairs &&
         (ch->at < ch->how.pairs - 1 || ch->left > 1);
}
