#include <iostream>
#include <vector>

// Every step in memory, and many more.
int main() {
    std::vector<long> ways{1, 1};
    for (;;) {
        ways.push_back((ways.back() + ways[ways.size() - 2]) % {{modulus}});
    }
}
