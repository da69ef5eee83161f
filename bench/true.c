/* The least that can be launched. */
int main(void) { return 0; }
