// Types do not fit.
#include <string>

int main() { return std::string("one"); }
