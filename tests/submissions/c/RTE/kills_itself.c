/* SIGKILL by its own hand is no limit. */
#include <signal.h>

int main(void) { return raise(SIGKILL); }
