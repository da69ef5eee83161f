// A new user namespace: a forbidden call.
#include <sched.h>

int main() { return unshare(CLONE_NEWUSER); }
