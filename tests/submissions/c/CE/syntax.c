/* Not C. */
int main(void) { return oops }
