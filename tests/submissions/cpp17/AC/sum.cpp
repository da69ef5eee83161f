// C++17 and not newer.
#include <iostream>
static_assert(__cplusplus == 201703L, "C++17");

int main()
{
    auto sum = 0LL, n = 0LL, x = 0LL;
    for (std::cin >> n; n-- && std::cin >> x;)
        sum += x;
    std::cout << sum << '\n';
}
