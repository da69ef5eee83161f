// C++23: std::unreachable came with it.
#include <iostream>
#include <utility>
static_assert(__cplusplus > 202002L, "C++23");

int main()
{
    auto sum = 0LL, n = 0LL, x = 0LL;
    for (std::cin >> n; n-- && std::cin >> x;)
        sum += x;
    if (n > 0)
        std::unreachable();
    std::cout << sum << '\n';
}
