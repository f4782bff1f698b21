#pragma once

#include <stddef.h>

// Takes over the memory in which the system keeps this process's arguments, so that ps(1) can show something else: the
// arguments, and so much of the environment behind them as makes the capacity, which is moved away. Not to be called
// beside other threads that change the environment.
//
// Answers how many bytes a title may have, 0 where that cannot be done.
size_t bus_title_open(size_t capacity);

// Shows a text instead of the arguments; what is longer than the capacity is cut. Not to be called by two at once.
void bus_title_set(const char *text, size_t length);
