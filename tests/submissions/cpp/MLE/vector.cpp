// A vector that grows until there is no memory.
#include <vector>

int main()
{
    std::vector<long long> all;
    for (;;)
        all.push_back(1);
}
