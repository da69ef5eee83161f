#include <iostream>

int main() {
    long n, a = 1, b = 1;
    std::cin >> n;
    while (n--) {
        long next = (a + b) % {{modulus}};
        a = b;
        b = next;
    }
    std::cout << a << std::endl;
}
