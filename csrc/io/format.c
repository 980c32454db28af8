/* format: see format.h. */
#include "io/format.h"

#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "bind/args.h"

#define MAX_NUMERAL 200 /* Lua's own limit */

/* --- characters --- */

bool thr_format_readline(thr_reading *c, bool chop) {
  size_t start = c->reader->pos;
  int byte;
  do byte = thr_reader_next(c);
  while (byte != EOF && byte != '\n');
  thr_reader_push(c, start, chop && byte == '\n');
  return c->reader->pos > start;
}

static bool read_chars(thr_reading *c, size_t n) {
  thr_reader *r = c->reader;
  size_t start = r->pos;
  for (;;) {
    size_t there = r->n - r->pos, wanted = n - (r->pos - start);
    r->pos += there < wanted ? there : wanted;
    if (r->pos - start == n || !thr_reader_hold(c, n - (r->pos - start))) break;
  }
  thr_reader_push(c, start, 0);
  return r->pos > start;
}

static bool read_all(thr_reading *c) {
  read_chars(c, SIZE_MAX);
  return true; /* the empty string, too */
}

static bool test_eof(thr_reading *c) {
  lua_pushliteral(c->L, "");
  return thr_reader_peek(c) != EOF;
}

/* More than can be addressed is as many as there are. */
static bool read_count(thr_reading *c, lua_Unsigned count) {
  size_t n = (size_t)count;
  if (n != count) n = SIZE_MAX;
  return n == 0 ? test_eof(c) : read_chars(c, n);
}

/* --- numbers --- */

typedef struct {
  thr_reading *c;
  int n; /* of the characters that are taken */
  char text[MAX_NUMERAL + 1];
} numeral;

/* Takes the next character; of too long a one, nothing is a number. */
static bool take(numeral *num) {
  if (num->n >= MAX_NUMERAL) {
    num->text[0] = '\0';
    return false;
  }
  num->text[num->n++] = (char)thr_reader_next(num->c);
  return true;
}

static bool take_one_of(numeral *num, char a, char b) {
  int byte = thr_reader_peek(num->c);
  return (byte == a || byte == b) && take(num);
}

static int take_digits(numeral *num, bool hex) {
  int n = 0;
  for (;; n++) {
    int byte = thr_reader_peek(num->c);
    bool digit = byte != EOF && (hex ? isxdigit(byte) : isdigit(byte));
    if (!digit || !take(num)) return n;
  }
}

/* How many digits there are, without the 0 of "0x". */
static int take_mantissa(numeral *num, bool *hex) {
  char point = localeconv()->decimal_point[0];
  int digits = 0;
  *hex = false;
  if (take_one_of(num, '0', '0')) {
    *hex = take_one_of(num, 'x', 'X');
    if (!*hex) digits = 1;
  }
  digits += take_digits(num, *hex);
  if (take_one_of(num, point, '.')) digits += take_digits(num, *hex);
  return digits;
}

static void take_exponent(numeral *num, bool hex) {
  if (!take_one_of(num, hex ? 'p' : 'e', hex ? 'P' : 'E')) return;
  take_one_of(num, '-', '+');
  take_digits(num, false);
}

static bool read_number(thr_reading *c) {
  numeral num = {.c = c};
  bool hex;
  while (isspace(thr_reader_peek(c))) thr_reader_next(c);
  take_one_of(&num, '+', '-');
  if (take_mantissa(&num, &hex) > 0) take_exponent(&num, hex);
  num.text[num.n] = '\0';
  if (lua_stringtonumber(c->L, num.text)) return true;
  lua_pushnil(c->L);
  return false;
}

/* --- the formats --- */

bool thr_format_read(thr_reading *c, int arg) {
  lua_State *L = c->L;
  if (lua_type(L, arg) == LUA_TNUMBER)
    return read_count(c, (lua_Unsigned)lua_tointeger(L, arg));
  const char *format = lua_tostring(L, arg);
  switch (format[*format == '*']) {
    case 'n': return read_number(c);
    case 'l': return thr_format_readline(c, true);
    case 'L': return thr_format_readline(c, false);
    default: return read_all(c);
  }
}

bool thr_format_is(lua_State *L, int arg) {
  int integral;
  lua_Integer n = lua_tointegerx(L, arg, &integral);
  if (lua_type(L, arg) == LUA_TNUMBER) return integral && n >= 0;
  if (lua_type(L, arg) != LUA_TSTRING) return false;
  const char *s = lua_tostring(L, arg);
  char c = s[*s == '*'];
  return c != '\0' && strchr("nlLa", c) != NULL;
}

int thr_format_firstbad(lua_State *L, int first) {
  for (int arg = first; arg <= lua_gettop(L); arg++)
    if (!thr_format_is(L, arg)) return arg;
  return 0;
}

void thr_format_check(lua_State *L, int first) {
  int bad = thr_format_firstbad(L, first);
  if (bad) thr_args_error(L, bad, "...", "invalid format; known are "
                          "n, l, L, a, and a number of bytes");
}
