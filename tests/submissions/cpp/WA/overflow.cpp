// 32 bits are not enough for the second test.
#include <iostream>

int main()
{
    int n, sum = 0;
    long long x;
    for (std::cin >> n; n-- && std::cin >> x;)
        sum = static_cast<int>(static_cast<unsigned>(sum) + static_cast<unsigned>(x));
    std::cout << sum << '\n';
}
