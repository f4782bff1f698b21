#pragma once

// The variable that a program finds when it takes the place of another one in the same process: the descriptor of what
// that one left, and behind a colon the one to which a byte is written for each signal that comes.
//
// The signals that end a supervisor are blocked then. Before any thread is started, handlers are set that write there,
// and they are unblocked: one that comes between two programs is neither lost nor the end of the process.
#define BUS_TAKEOVER_VARIABLE "BUS_TAKEOVER"

// Keeps exactly the signals that end a supervisor from this thread, and from the program that takes its place.
void bus_takeover_block(void);

// Takes that back: the mask is as it was before.
void bus_takeover_unblock(void);
