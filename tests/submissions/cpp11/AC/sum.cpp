// C++11 and not newer.
#include <iostream>
static_assert(__cplusplus == 201103L, "C++11");

int main()
{
    long long n, x, sum = 0;
    for (std::cin >> n; n-- && std::cin >> x;)
        sum += x;
    std::cout << sum << '\n';
}
