// C++14 and not newer.
#include <iostream>
static_assert(__cplusplus == 201402L, "C++14");

int main()
{
    auto sum = 0LL, n = 0LL, x = 0LL;
    for (std::cin >> n; n-- && std::cin >> x;)
        sum += x;
    std::cout << sum << '\n';
}
