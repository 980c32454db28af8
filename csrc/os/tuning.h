/*
** tuning: the constants that trade one thing for another.
**
** Each says what is lost where it is smaller, and larger, how it was found, and
** which row of bench/ shows it.  "Chosen": nothing is recorded; "no bench": a
** change shows in the spec that is named, or nowhere.  docs/decisions.md has
** the reasons at length.
**
** What is a limit, and no matter of more or less, is beside its use.
*/
#ifndef THR_TUNING_H
#define THR_TUNING_H

#include "os/port.h"

/* --- gil: which thread gets the global lock, and when --- */

/* How long a computing thread keeps the lock when others compute, too.
** Smaller: more switches; larger: less fair.  CPython's value; the program may
** set another.  Bench: onecore, race. */
#define THR_INTERVAL (5 * THR_SECOND / 1000)

/* Patience: how long a thread waits for the lock before it preempts the holder.
** The order AT_ONCE < SOON < CONTEND < STREAM is part of the meaning. */

/* Of a thread that comes back from a sleep or from I/O.  A wake-up beside a
** computing thread takes 0.1 ms, and would take an interval.  Bench: wakeup,
** echo. */
#define THR_AT_ONCE INT64_C(0)

/* Of a thread that was woken by one that holds the lock.  Smaller: the waker is
** interrupted after fewer instructions; larger: those it wakes run later.
** Chosen.  Bench: pingpong, submit, queuepong. */
#define THR_SOON (THR_SECOND / 20000)

/* Of a thread that was woken to compete for a Lock.  Smaller: two threads that
** take a Lock in turn switch at each release; larger: one of them gets less.
** Chosen.  Bench: contend (at least 0.9 of one thread's speed, and the one that
** gets less at least 40 %). */
#define THR_CONTEND (THR_SECOND / 5000)

/* Of a thread that was woken to take from a long queue; no hook is armed for
** it.  Smaller: more hand-overs (twice as many at 500 us, and with a hook after
** 50 us puts were a third slower); larger: the first item comes later.  Bench:
** queues. */
#define THR_STREAM (THR_SECOND / 1000)

/* How long a holder is left alone by one that was woken, if it is not ahead of
** it.  Smaller: threads that come back from I/O interrupt each other in the
** middle of what they do; larger: they wait for one that goes on.  Bench: echo,
** wakeup. */
#define THR_TURN (THR_SECOND / 20000)

/* A holder that has used so much more of the lock is asked at once, and a
** waiter that has is passed by in the queue.  Smaller: threads that use it
** alike interrupt each other, and one that has used a little more waits until
** all others have (of a server's 16 threads each hundredth time for 212 to 650
** turns of others, now 111 to 298); larger: a turn more goes by where threads
** compute.  Bench: echo, callback. */
#define THR_LEAD (THR_SECOND / 2000)

/* So far behind the clock of the lock, and an interval more, is a thread that
** has slept, at most.  Smaller: a server that uses more than its share beside
** threads that compute waits for their turns sooner; without the interval those
** were before one that sleeps most of the time in each twentieth call, and kept
** the lock for a millisecond or two; larger: they wait longer when many wake at
** once.  Bench: echo, callback. */
#define THR_LAG (5 * THR_SECOND / 1000)

/* So many of the queue ask.  Smaller: one that was woken, and waits for a
** processor, cannot ask; larger: of thousands that come back at once each
** signals the holder, and wakes for that: 10,000 connections took 6 s.  Bench:
** echo, connections. */
#define THR_ASKERS 5

/* Of those before it in the queue a waiter counts so many: to count takes time
** under the mutex.  Chosen.  Bench: many, barrier. */
#define THR_MAX_POSITION 100

/* How long a holder runs before it lets go unasked, while the first of the
** queue is asleep.  As its patience most often is.  Bench: contend. */
#define THR_GRACE THR_CONTEND

/* About how many nanoseconds the VM takes for one instruction under a count
** hook: makes a patience a count.  Smaller: it lets go later than is meant.
** Bench: pingpong, wakeup. */
#define THR_INSTRUCTION 25

/* The pause between two signals of one waiter to one holder doubles so often
** (50 us to 200 ms), up to the maximum.  Smaller: a holder in a C function has
** its system calls end with EINTR more often; larger: it lets go later once it
** is back in Lua, and a signal that was lost costs more.  Chosen; no bench,
** spec/preempt_spec.lua. */
#define THR_REQUEST_DOUBLINGS 12
#define THR_MAX_REQUEST_PAUSE (THR_SECOND / 5)

/* After how long a holder that may be between two sleeps is looked at again: a
** signal could end the next one.  And so much of a processor has it used then,
** if it computes.  Chosen; no bench, spec/foreign_spec.lua. */
#define THR_LOOK_AGAIN (THR_SECOND / 20000)
#define THR_COMPUTED (THR_LOOK_AGAIN / 4)

/* In so many sleeps, one after the other, a waiter finds the holder before it
** signals it all the same.  Smaller: sleeps in C end with EINTR; larger: a
** holder that hardly ever runs Lua keeps the lock longer.  Chosen; no bench,
** spec/preempt_spec.lua. */
#define THR_MAX_SLEEPS 10

/* --- rest: what a hook may cost --- */

/* A lua_sethook that takes longer is charged; it walks over some hundred
** frames.  Smaller: ordinary stacks rest, too.  Chosen; no bench,
** spec/preempt_spec.lua. */
#define THR_DEAR (THR_SECOND / 500000)

/* A thread is left alone for so many times what a dear walk has cost.  That
** leaves a mark in each frame, too, which costs as much again when the frame
** goes on: a tenth of its time, at most, goes into hooks.  Smaller: more of it
** (10: 1.65 times as long beside a sleeper, 20: 1.55); larger: others wait
** longer.  Bench: deep. */
#define THR_REST_SHARE 20

/* How long it is left alone at most, however many walks could not wait: ten
** walks of the deepest stack take two fifths of it.  Without it, a thread in
** the hostile build that had served a count hook for a minute rested for ten,
** and others waited so long for the lock.  Chosen; no bench. */
#define THR_MAX_REST (THR_SECOND / 2)

/* A thread's own clock is a system call, too slow for every hook.  A walk that
** looks dear by the other clock may have been interrupted: it is not charged,
** but so many of the next ones are measured by the thread's own, for those of a
** coroutine on a deep stack come in between.  Chosen; no bench. */
#define THR_CLOSELY 16

/* --- preempt, hook --- */

/* The armed hook counts a random number of instructions, from 2 to this.
** Smaller: a switch comes only at the ends of loops, calls and returns, and
** races of a test never show (with 1, in no run); larger: it comes later.
** Bench: race. */
#define THR_MAX_RANDOM 32

/* The count of a request that must be met at once: the very next instruction,
** or a <close> variable would meet it.  No bench, spec/cancel_wait_spec.lua. */
#define THR_URGENT_COUNT 1

/* A user's count hook is served in slices of at most so many instructions.
** Smaller: ours fires in vain more often; larger: a switch waits longer.
** Chosen; no bench, spec/hook_spec.lua. */
#define THR_MAX_SLICE 1000

/* --- park: looking before sleeping --- */

/* How often a wait looks for its token before it sleeps, at most; some
** microseconds.  Larger: a processor is kept busy in vain.  A round trip
** between two idle processors: 44 -> 1.5 to 5 us.  Bench: pingpong, submit,
** queuepong. */
#define THR_MAX_SPINS 1000

/* A look that was in vain makes the next one shorter, by so much, and below so
** many it is of no use.  Bench: pingpong. */
#define THR_SPINS_SHRINK 4
#define THR_MIN_SPINS 50

/* So many waits sleep at once then.  Smaller: more looks in vain; larger: a
** pair that begins to answer each other sleeps longer.  Bench: pingpong,
** submit. */
#define THR_SPIN_RESTS 32

/* Buckets of the parking lot.  Larger: fewer objects share a mutex and a list,
** in which each wake-up looks at all; smaller: less memory, 56 bytes for one.
** With 257, 10,000 threads that each wait for a socket spent 7 % of the time
** there.  A prime: addresses are multiples of 16.  Bench: connections, many. */
#define THR_BUCKETS 1021

/* Of the OS threads that have ended the next one that starts leaves so many
** unjoined: those before have surely ended, and the start need not wait.
** Chosen.  Bench: start, many. */
#define THR_RETIRED_KEPT 2

/* --- lock, semaphore --- */

/* A waiter that has waited longer is handed the Lock, or the permit, by the
** next release.  Smaller: a switch at each release; larger: a waiter starves
** for longer.  Chosen: 1.04 of one thread's speed, and 49 % for the one that
** gets less.  Bench: contend. */
#define THR_FAIR_AFTER (THR_SECOND / 1000)

/* So often a thread without the global lock looks before it sleeps: its rival
** runs on another processor, and lets go soon.  Chosen; no bench. */
#define THR_LOCK_SPINS 100

/* So long a Condition's wait tries at the end of the program to have its lock
** back, whose holder may have ended with it.  Chosen; no bench,
** spec/end_spec.lua. */
#define THR_REGAIN_AT_END (THR_SECOND / 10)

/* --- queue --- */

/* A thread that finds so many items, or places, was woken by one that goes on:
** it wakes the next at once, with the patience THR_STREAM.  Bench: queues. */
#define THR_MIN_STREAM 64

/* The first size of a queue's row; it doubles.  Chosen.  Bench: queues. */
#define THR_FIRST_ROOM 16

/* Memory of an emptied queue: up to so many slots it is kept always, above so
** many never.  Smaller: one that is filled and emptied again allocates.  Bench:
** queues, queuepong. */
#define THR_MIN_KEPT 1024
#define THR_MAX_KEPT 65536

/* --- belt --- */

/* So many items are in a block of a belt.  Smaller: more allocations; larger:
** more memory for an empty one.  Chosen.  Bench: crossqueue. */
#define THR_BELT_BLOCK 64

/* What two processors write to is so far apart.  Smaller: each write makes the
** other wait for its line of the cache; two lines, for processors fetch them in
** pairs.  Bench: crossqueue. */
#define THR_CACHE_LINE 128

/* --- threads --- */

/* The smallest stack of a thread.  Smaller: Lua's own limit of nested C calls
** is not reached, and what is an error then is a crash; larger: address space.
** Bench: memory, many. */
#define THR_MIN_STACK ((size_t)512 * 1024)

/* So much of a thread's C stack compiled functions leave free: for signal
** handlers, and for what a pause calls.  Larger: they recurse less deeply.
** Chosen; no bench. */
#define THR_STACK_MARGIN ((size_t)96 * 1024)

/* No stack is taken to be larger: an address so far off is in another one. */
#define THR_MAX_STACK ((size_t)1 << 30)

/* Compiled code of the main thread looks after so many calls, or 16 times fewer
** polls of loops, whether a signal handler has set a hook; after fewer where it
** looks less often than each so many nanoseconds.  Smaller: calls and loops are
** slower there; larger: Ctrl-C comes later.  Chosen; no bench. */
#define THR_POLLS 1024
#define THR_PAUSE 5000000

/* So many call records the starter makes for the new thread (start's, run's and
** two that it calls), which then needs no allocator of its own while it is
** idle: 11.6 -> 10.5 KiB a thread, with other savings.  Larger: a start takes
** longer.  Bench: memory, many, start. */
#define THR_FRAMES 4

/* So many threads that wait for a descriptor have one of their own, to be woken
** by; others are woken by a signal, which takes two more system calls.  Larger:
** a server with a thread for each connection can have fewer of them.  Bench:
** connections, echo. */
#define THR_MAX_BELLS 256

/* --- stopping threads --- */

/* A stop that a thread has caught is raised again after so long, and after so
** much time of its processor.  Smaller: <close> variables have less time for
** their work; larger: the end waits longer for a loop around pcall.  On a busy
** machine 100 ms went by before a thread ran at all.  No bench,
** spec/end_spec.lua. */
#define THR_STOP_AGAIN (THR_SECOND / 10)
#define THR_STOP_AGAIN_USED (THR_SECOND / 50)

/* A thread that was stopped is signalled again so often, and given up after so
** many times, if none has ended meanwhile: it is in a C function that never
** asks for the global lock.  Two seconds, chosen; no bench,
** spec/end_spec.lua. */
#define THR_REMIND (THR_SECOND / 10)
#define THR_REMINDERS 20

/* So many of the threads that the end waits for are told by their names.
** Chosen; no bench. */
#define THR_MAX_LASTING 10

/* --- debugging --- */

/* For how long a C function keeps the global lock, while others wait, before
** that is told; and how often a waiter looks whether it is in one.  Smaller:
** what nobody notices is told.  Chosen, as asyncio's slow_callback_duration;
** spec/debug_spec.lua. */
#define THR_KEPT (THR_SECOND / 10)
#define THR_KEPT_LOOK (THR_SECOND / 100)

/* So often a compare_exchange is in vain, in so long, before it is told as a
** lock that is waited for.  Where others only change the number in between,
** few are in vain in succession: each means that another thread ran.
** Chosen; no bench. */
#define THR_SPIN_TRIES 1000
#define THR_SPIN_TIME (THR_SECOND / 10)

/* The longest line that is told. */
#define THR_MAX_LINE 1024
/* And of an error's text in one. */
#define THR_MAX_ERROR 400

/* --- report --- */

/* A dump waits so long for the global lock of each other Lua state, or leaves
** out where the threads are there.  Chosen; no bench. */
#define THR_REPORT_WAIT (THR_SECOND / 10)

/* --- boxes, Arrays --- */

/* So many boxes that were met last a Lua state knows by their addresses, which
** saves a call of lua_rawlen for each method: 4 of a Lock's 47 ns, 2 of an
** Array element's 27.  Larger: fewer share a place, and more cache is used.  A
** power of 2.  Bench: lock, array. */
#define THR_KNOWN_BOXES 128

/* Size of a type's table of methods, larger than is needed: where keys meet,
** each method call looks at both.  Bench: lock, array, rlock. */
#define THR_BOX_ROOM 32

/* How many boxes a Lua state knows without a look at their size; a power of 2.
** Smaller: objects that are used in turn push each other out, which costs each
** use a tenth more; larger: more cache.  Chosen.  Bench: lock, array. */
#define THR_KNOWN_BOXES 128

/* Bytes of Arrays that are reported to the collector at once, which sees boxes
** of a few bytes.  Smaller: more calls of lua_gc; larger: more memory before
** it runs.  Chosen; no bench. */
#define THR_ARRAY_STEP 16384

/* KiB that are reported to the collector for an interpreter: what one takes
** that has loaded nothing; and so many there may be before that is done.
** Bench: interpstart. */
#define THR_INTERP_SIZE 32
#define THR_INTERPS_FREE 8

/* Blocks of an interpreter's Lua state up to this are small; the first chunk
** for such, and, after doublings, the last ones.  Larger: idle interpreters
** have more that they do not use; smaller: more calls of malloc.  Bench:
** interpstart, interpmemory. */
#define THR_HEAP_SMALL ((size_t)512)
#define THR_HEAP_CHUNK_FIRST ((size_t)8192)
#define THR_HEAP_CHUNK_MOST ((size_t)65536)

/* To fill or copy more bytes lets go of the global lock.  Chosen; no bench. */
#define THR_ARRAY_LONG 65536

/* An Array begins at a cache line, so that two do not share one.  Bench:
** kernelloop. */
#define THR_ARRAY_ALIGN 64

/* --- messages to other Lua states --- */

/* The bytes of a message are copied from where they were written, up to so
** many; above, the message takes the block.  Larger: long copies; smaller: more
** blocks of half their size in use.  Chosen; no bench. */
#define THR_MESSAGE_COPIED ((size_t)16384)

/* The first size of that block; and so large it is kept for the next message.
** Chosen; no bench. */
#define THR_FIRST_MESSAGE 512
#define THR_ENCODER_KEPT ((size_t)65536)

/* So many functions without a name are known as such, without a look at
** package.loaded, which takes longer than the rest of a small message; a power
** of 2.  Bench: interpreterpool. */
#define THR_IN_VAIN 16

/* So many slots of what a message has are kept for the next one, which clears
** them.  Chosen; no bench. */
#define THR_SEEN_KEPT 4096

/* --- messages to other processes --- */

/* A message up to this is sent in one piece.  What comes is read in pieces of
** at least this: with a small message, all of it by one call of the system.
** Bench: processpool. */
#define THR_LINK_SMALL ((size_t)2048)
#define THR_LINK_INBOX ((size_t)8192)

/* So long a process that has lost its connection has to end by itself.  Chosen;
** no bench. */
#define THR_WORKER_GRACE (2 * THR_SECOND)

/* More Arrays in one message are taken for damage.  Chosen; no bench. */
#define THR_LINK_MAXSHARES ((uint32_t)1 << 24)

/* --- descriptors, programs, the compiler --- */

/* How often a thread looks whether a program has ended, where the system has no
** descriptor for that: the pause doubles.  Chosen; no bench. */
#define THR_FIRST_LOOK (THR_SECOND / 2000)
#define THR_LAST_LOOK (THR_SECOND / 20)

/* Of the compiler's messages; the rest is thrown away.  Chosen; no bench. */
#define THR_MAX_OUTPUT ((size_t)1 << 22)

/* First size of a reader's buffer, in bytes.  A line of a buffered file: 0.12
** us (Lua's own 0.10; 0.6 before).  No bench. */
#define THR_MIN_HELD 256

/* So many calls of print, beside other threads, take stdout for what it was.
** Smaller: a print to a file costs up to twice as much (0.4 us); larger: so
** many may block under the global lock when a C library has put a pipe there.
** No bench. */
#define THR_PRINTS 32

/* So many bytes are read without a wait, where there are as many.  Chosen; no
** bench. */
#define THR_MAX_RUN 65536

/* A socket's buffer begins with so many bytes, and doubles.  Smaller: more
** system calls for a request; larger: more memory for each connection.  Chosen.
** Bench: echo, connections. */
#define THR_FIRST_INBOX 2048

/* A socket whose data had not come when it was asked is waited for at once so
** many times.  Smaller: more system calls in vain; larger: one more for so many
** receptions, once its peer sends ahead.  Chosen.  Bench: echo, transfer. */
#define THR_LATE 16

/* A larger one is freed when it is empty.  Smaller: a socket that receives much
** allocates again and again; larger: more memory for each.  Chosen.  Bench:
** transfer. */
#define THR_KEPT_INBOX 65536

/* Sleeps are so short, in milliseconds, where the system has neither ppoll nor
** room in pselect for a descriptor: between two of them signals are let in.
** Chosen; no bench. */
#define THR_POLL_SLICE 20

/* After so many signals in a row that no thread has received it is asked
** whether our handler is still installed.  Chosen; no bench,
** spec/preempt_spec.lua. */
#define THR_MAX_UNHEARD 3

/* --- order --- */

/* What is remembered of the orders in which locks are taken, under
** THREADING_DEBUG: how many locks of a thread that it has at once, how many
** pairs, how many faults that were told; and how many pairs a search for a
** circle looks at.  Larger: more memory, 1.5 MB with these (which costs nothing
** until it is used), and a longer search at each new pair.  Chosen. */
#define THR_MAX_HELD 16
#define THR_MAX_ORDERS 4096
#define THR_ORDER_HASH 1024
#define THR_MAX_TOLD 256
#define THR_MAX_WAY 256

/* --- explore --- */

/* Each look at the virtual clock puts it forward by so much: a loop that looks
** until a time has come ends.  Chosen. */
#define THR_VIRTUAL_LOOK (THR_SECOND / 1000000)

/* When no thread can run it goes on to the next deadline and so much further:
** deadlines that are near to each other come in any order.  Chosen. */
#define THR_VIRTUAL_SLACK (THR_SECOND / 1000)

/* What it shows as a schedule begins; and how far that is behind the time since
** 1970.  The same each time, so that schedules are. */
#define THR_VIRTUAL_NOW (1000 * THR_SECOND)
#define THR_VIRTUAL_START (INT64_C(1700000000) * THR_SECOND)

/* A thread that has come to so many points, while others could run, is taken to
** wait for one of them: it is left out once.  Smaller: what is preempted there
** is no choice of the strategy's; larger: `while not flag do end` takes
** longer.  Chosen. */
#define THR_MAX_RUN_OF_POINTS 10000

/* After so many instructions an explored thread that is still on the same line
** counts as on a new one: the line has a loop.  Smaller: a line that is not to
** be split is; larger: waiting in a loop takes longer.  Chosen. */
#define THR_MAX_ON_LINE 100

/* So long a schedule waits, by the system's clock, for what may come from
** outside of it, a descriptor's data say, when no thread can run: until the
** next deadline comes; and, without one, until that is taken for a deadlock.
** Smaller: a program that talks to others times out; larger: a schedule with
** such timeouts takes longer.  Chosen. */
#define THR_OUTSIDE (THR_SECOND / 20)
#define THR_MAX_OUTSIDE (10 * THR_SECOND)

/* --- trace --- */

/* So many events of a thread wait for the writer, at most.  Smaller: more are
** lost where a thread waits very often, for the writer has a processor to wait
** for; larger: a thread that is recorded needs more memory, 56 bytes for each.
** A power of 2.  Chosen. */
#define THR_TRACE_RING 1024u

/* So many texts are kept, of places, objects and names.  A power of 2.
** Chosen. */
#define THR_TRACE_TEXTS 65536u

/* So often events are written, at least: what a crash loses.  Chosen. */
#define THR_TRACE_FLUSH (THR_SECOND / 2)

/* What a thread does for so long is written as begun, and ended later.
** Chosen. */
#define THR_TRACE_LONG THR_SECOND

/* So often memory and runnable threads are counted, at most.  Chosen. */
#define THR_TRACE_COUNTS (THR_SECOND / 200)

/* So much of an error is kept.  Chosen. */
#define THR_TRACE_LINE 200

/* Bytes that are written at once.  Chosen. */
#define THR_TRACE_BUFFER 65536u

/* Of how many locks it is counted how often they are taken, in one recording;
** and for how many holders of each, a thread at a line, how long they have it.
** Larger: more memory, 2 KB a lock.  Chosen. */
#define THR_MAX_METERS 4096
#define THR_METERED 8

/* How many nanoseconds of a program a measured take stands for, twenty times
** what it costs; the least time in which a lock is taken and released; and how
** many takes, at most, are not measured in between.  Smaller: recording costs
** more; larger: of locks that are held for a short time fewer are measured.
** Bench: tracelock. */
#define THR_METER_COST 10000
#define THR_METER_LEAST 60
#define THR_METER_SKIP 150

/* A C function that keeps the global lock for so long after it was asked for it
** is recorded.  Chosen; spec/trace_spec.lua. */
#define THR_TRACE_KEPT (THR_SECOND / 1000)

#endif
