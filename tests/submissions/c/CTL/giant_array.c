/* A program of four gigabytes: the compiler runs into its output limit. */
char big[1ul << 32] = {1};

int main(void) { return big[0]; }
