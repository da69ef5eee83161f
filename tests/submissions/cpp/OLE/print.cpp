// Prints without end.
#include <iostream>

int main()
{
    for (;;)
        std::cout << "and again\n";
}
