/* descriptors: pipes and sockets, bare, for the specs of threading.io. */
#define _GNU_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int fd_at(lua_State *L, int arg) {
  return (int)luaL_checkinteger(L, arg);
}

static int push_two(lua_State *L, int r, const int fd[2]) {
  if (r != 0) return luaL_error(L, "%s", strerror(errno));
  lua_pushinteger(L, fd[0]);
  lua_pushinteger(L, fd[1]);
  return 2;
}

/* pipe() -> its end for reading, its end for writing */
static int descriptors_pipe(lua_State *L) {
  int fd[2];
  return push_two(L, pipe(fd), fd);
}

/* pair() -> two sockets, connected to each other */
static int descriptors_pair(lua_State *L) {
  int fd[2];
  return push_two(L, socketpair(AF_UNIX, SOCK_STREAM, 0, fd), fd);
}

static int descriptors_close(lua_State *L) {
  lua_pushboolean(L, close(fd_at(L, 1)) == 0);
  return 1;
}

/* write(fd, string) -> how many bytes */
static int descriptors_write(lua_State *L) {
  size_t n;
  const char *s = luaL_checklstring(L, 2, &n);
  lua_pushinteger(L, write(fd_at(L, 1), s, n));
  return 1;
}

/* fill(fd): writes until there is no room; the descriptor is a socket */
static int descriptors_fill(lua_State *L) {
  static const char block[4096];
  while (send(fd_at(L, 1), block, sizeof(block), MSG_DONTWAIT) > 0) continue;
  return 0;
}

/* drain(fd): reads all that is there; the descriptor is a socket */
static int descriptors_drain(lua_State *L) {
  char block[4096];
  while (recv(fd_at(L, 1), block, sizeof(block), MSG_DONTWAIT) > 0) continue;
  return 0;
}

static int close_file(lua_State *L) {
  luaL_Stream *p = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  return luaL_fileresult(L, fclose(p->f) == 0, NULL);
}

/* file(fd, mode) -> a file of Lua's */
static int descriptors_file(lua_State *L) {
  luaL_Stream *p = lua_newuserdatauv(L, sizeof(*p), 0);
  p->closef = NULL;
  luaL_setmetatable(L, LUA_FILEHANDLE);
  p->f = fdopen(fd_at(L, 1), luaL_checkstring(L, 2));
  if (!p->f) return luaL_fileresult(L, 0, NULL);
  p->closef = close_file;
  return 1;
}

/* limit(n) -> whether so many descriptors may be open */
static int descriptors_limit(lua_State *L) {
  struct rlimit limit;
  rlim_t n = (rlim_t)luaL_checkinteger(L, 1);
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = n;
  if (limit.rlim_max < n) limit.rlim_max = n; /* for root */
  lua_pushboolean(L, setrlimit(RLIMIT_NOFILE, &limit) == 0);
  return 1;
}

/* The child's side: its terminal is `name`, for all its streams. */
static void run_in(const char *name, const char *command) {
  setsid();
  int fd = open(name, O_RDWR);
  ioctl(fd, TIOCSCTTY, 0);
  for (int i = 0; i < 3; i++) dup2(fd, i);
  if (fd > 2) close(fd);
  execl("/bin/sh", "sh", "-c", command, (char *)NULL);
  _exit(127);
}

/* terminal(command) -> the descriptor of a terminal in which the shell carries
** it out, the shell's process id */
static int descriptors_terminal(lua_State *L) {
  const char *command = luaL_checkstring(L, 1);
  int fd = posix_openpt(O_RDWR | O_NOCTTY);
  if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0)
    return luaL_error(L, "%s", strerror(errno));
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  const char *name = ptsname(fd);
  pid_t pid = fork();
  if (pid == 0) run_in(name, command);
  lua_pushinteger(L, fd);
  lua_pushinteger(L, pid);
  return 2;
}

/* resize(fd): another size of the terminal, which its programs are told */
static int descriptors_resize(lua_State *L) {
  struct winsize size = {.ws_row = 50, .ws_col = 70};
  lua_pushboolean(L, ioctl(fd_at(L, 1), TIOCSWINSZ, &size) == 0);
  return 1;
}

/* echoes(fd): does the terminal show what is typed, as when nothing runs? */
static int descriptors_echoes(lua_State *L) {
  struct termios t;
  int r = tcgetattr(fd_at(L, 1), &t);
  lua_pushboolean(L, r == 0 && t.c_lflag & ECHO && t.c_lflag & ICANON);
  return 1;
}

/* read(fd) -> what is there; nil at the end */
static int descriptors_read(lua_State *L) {
  char block[4096];
  ssize_t n = read(fd_at(L, 1), block, sizeof(block));
  if (n <= 0) return 0;
  lua_pushlstring(L, block, (size_t)n);
  return 1;
}

/* ended(pid) -> nil if it has not; "exit" or "signal", and which */
static int descriptors_ended(lua_State *L) {
  int status;
  if (waitpid((pid_t)luaL_checkinteger(L, 1), &status, WNOHANG) <= 0) return 0;
  lua_pushstring(L, WIFEXITED(status) ? "exit" : "signal");
  lua_pushinteger(L,
                  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
  return 2;
}

int luaopen_descriptors(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"pipe", descriptors_pipe},   {"pair", descriptors_pair},
      {"close", descriptors_close}, {"write", descriptors_write},
      {"fill", descriptors_fill},   {"drain", descriptors_drain},
      {"file", descriptors_file},   {"limit", descriptors_limit},
      {"terminal", descriptors_terminal}, {"resize", descriptors_resize},
      {"echoes", descriptors_echoes},
      {"read", descriptors_read},   {"ended", descriptors_ended},
      {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
