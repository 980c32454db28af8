/* See mpiarrays.lua. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define ELEMENTS 12500000
#define ROUNDS 10

static double *array;

static void send(int to) {
  MPI_Send(array, ELEMENTS, MPI_DOUBLE, to, 0, MPI_COMM_WORLD);
}

static void receive(int from) {
  MPI_Recv(array, ELEMENTS, MPI_DOUBLE, from, 0, MPI_COMM_WORLD,
           MPI_STATUS_IGNORE);
}

static void once(int rank) {
  if (rank == 0) {
    send(1);
    receive(1);
  } else {
    receive(0);
    send(0);
  }
}

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  array = malloc(ELEMENTS * sizeof(*array));
  if (!array) return 1;
  for (int i = 0; i < ELEMENTS; i++) array[i] = 1;
  once(rank);
  double start = MPI_Wtime();
  for (int i = 0; i < ROUNDS; i++) once(rank);
  if (rank == 0)
    printf("%g\n", 2.0 * ROUNDS * ELEMENTS * sizeof(*array) /
                       (MPI_Wtime() - start));
  MPI_Finalize();
  return 0;
}
