// SPDX-License-Identifier: Apache-2.0
// A thread draws, so that the clock goes on while one long step runs.
#include "progress.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 30, DELAY_MS = 500, PERIOD_MS = 100 };

struct progress {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool over, drawn;
    struct timespec begin;
    char label[64], stage[48];
    uint32_t done, total;
};

static double seconds_since(const struct timespec *begin) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin->tv_sec) + 1e-9 * (double)(now.tv_nsec - begin->tv_nsec);
}

static void draw(progress *bar, double seconds) {
    char cells[WIDTH + 1];
    memset(cells, '.', WIDTH);
    cells[WIDTH] = '\0';
    if (bar->total > 0) {
        memset(cells, '#', (size_t)((uint64_t)(bar->done < bar->total ? bar->done : bar->total) * WIDTH / bar->total));
    } else {
        int at = (int)(seconds * 10) % (WIDTH - 3);
        memset(cells + at, '#', 4);
    }
    fprintf(stderr, "\r\033[K%s [%s] %s %.1f s", bar->label, cells, bar->stage, seconds);
    fflush(stderr);
    bar->drawn = true;
}

static void *drawing(void *context) {
    progress *bar = context;
    pthread_mutex_lock(&bar->lock);
    while (!bar->over) {
        double seconds = seconds_since(&bar->begin);
        if (seconds * 1000 >= DELAY_MS)
            draw(bar, seconds);
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += PERIOD_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&bar->wake, &bar->lock, &until);
    }
    pthread_mutex_unlock(&bar->lock);
    return NULL;
}

progress *progress_start(const char *label) {
    if (!isatty(STDERR_FILENO))
        return NULL;
    progress *bar = calloc(1, sizeof *bar);
    if (bar == NULL)
        return NULL;
    snprintf(bar->label, sizeof bar->label, "%s", label);
    clock_gettime(CLOCK_MONOTONIC, &bar->begin);
    pthread_mutex_init(&bar->lock, NULL);
    pthread_cond_init(&bar->wake, NULL);
    if (pthread_create(&bar->thread, NULL, drawing, bar) != 0) {
        pthread_cond_destroy(&bar->wake);
        pthread_mutex_destroy(&bar->lock);
        free(bar);
        return NULL;
    }
    return bar;
}

void progress_set(progress *bar, const char *stage, uint32_t done, uint32_t total) {
    if (bar == NULL)
        return;
    pthread_mutex_lock(&bar->lock);
    snprintf(bar->stage, sizeof bar->stage, "%s", stage);
    bar->done = done;
    bar->total = total;
    pthread_mutex_unlock(&bar->lock);
}

void progress_end(progress *bar) {
    if (bar == NULL)
        return;
    pthread_mutex_lock(&bar->lock);
    bar->over = true;
    pthread_cond_signal(&bar->wake);
    pthread_mutex_unlock(&bar->lock);
    pthread_join(bar->thread, NULL);
    if (bar->drawn)
        fputs("\r\033[K", stderr);
    pthread_cond_destroy(&bar->wake);
    pthread_mutex_destroy(&bar->lock);
    free(bar);
}

void progress_on_step(void *bar, uint32_t step, uint32_t step_count) {
    char stage[48];
    snprintf(stage, sizeof stage, "step %u of %u", step + 1, step_count);
    progress_set(bar, stage, step, step_count > 1 ? step_count : 0);
}

void progress_on_stage(void *bar, const char *stage, unsigned done, unsigned total) { progress_set(bar, stage, done, total); }
