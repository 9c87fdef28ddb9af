// How long things took, in microseconds, as threads of load.c have measured it.
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#define SAMPLES_MAX 1000000

static double samples[SAMPLES_MAX];
static size_t samples_used;
static pthread_mutex_t samples_lock = PTHREAD_MUTEX_INITIALIZER;

static double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static void add_sample(double us) {
  pthread_mutex_lock(&samples_lock);
  if (samples_used < SAMPLES_MAX) samples[samples_used++] = us;
  pthread_mutex_unlock(&samples_lock);
}

static int by_value(const void *one, const void *other) { return *(const double *)one < *(const double *)other ? -1 : 1; }

static void sort_samples(void) { qsort(samples, samples_used, sizeof *samples, by_value); }

/// Of sorted samples.
static double quantile(double part) { return samples_used == 0 ? 0 : samples[(size_t)((samples_used - 1) * part)]; }
