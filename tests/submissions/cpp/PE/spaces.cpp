// Right but for white space, where the checker wants each byte.
#include <iostream>

int main()
{
    long long n, x, sum = 0;
    for (std::cin >> n; n-- && std::cin >> x;)
        sum += x;
    std::cout << sum << ' ' << std::endl;
}
