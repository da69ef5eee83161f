// bad_alloc, but not for want of memory: no limit was hit.
#include <iostream>
#include <vector>

int main()
{
    long long n;
    std::cin >> n;
    std::vector<int> all(static_cast<std::size_t>(-n));
    std::cout << all.size();
}
