/*
** tuning: the constants that trade one thing for another.
*/
#ifndef THM_TUNING_H
#define THM_TUNING_H

/* How often the engine looks, and yields in between, before it sleeps.  Fewer:
** an answer that comes in some microseconds finds it asleep; more: on a machine
** with fewer cores than ranks it takes time from who would answer.  Bench:
** mpisubmit.lua. */
#define THM_LOOKS 20

/* Seconds.  The first sleep, and how much longer each next one is.  All of them
** end at once when the bell rings.  A sleep takes no more than a fifth of the
** time that has been waited: where nobody can ring, an answer is seen that much
** later.  Larger: later; smaller: more sleeps until the longest.  Without bells
** a call took 0.1 to 0.4 ms, and 3 ms where each sleep was twice the last. */
#define THM_PAUSE_FIRST 20e-6
#define THM_PAUSE_GROWTH 1.2

/* The longest sleep while a message of this rank is on its way: who takes it
** does not ring. */
#define THM_PAUSE_SENDING 200e-6

/* The longest sleep where a rank is on another host, and so cannot ring.
** Longer: its messages are seen later; shorter: more than the one per cent of
** a core that an idle rank costs so. */
#define THM_PAUSE_FAR 1e-3

/* The longest sleep where all ranks can ring: for MPI's own sake, which may
** have something to do that it does not tell. */
#define THM_PAUSE_IDLE 0.1

/* Bytes up to which a value goes along with the head of its message; what is
** longer waits until the receiver asks for it.  Smaller: more values take one
** way and back more; larger: more memory is taken by what nobody has received
** yet. */
#define THM_SHORT 65536

/* MPI counts in ints: more bytes go in several blocks. */
#define THM_BLOCK (1 << 30)

#endif
