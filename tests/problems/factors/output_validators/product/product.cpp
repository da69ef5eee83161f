// Any two factors greater than 1 will do.
#include "exit_codes.h"

#include <cstring>
#include <fstream>
#include <iostream>

int main(int argc, char **argv) {
    bool nontrivial = argc > 4 && !std::strcmp(argv[4], "nontrivial");
    std::ifstream input(argv[1]);
    std::ofstream message(std::string(argv[3]) + "judgemessage.txt");
    long long number, one, other;
    input >> number;
    if (!(std::cin >> one >> other)) {
        message << "two numbers are missing";
        return WRONG;
    }
    if (one * other != number || (nontrivial && (one == 1 || other == 1))) {
        message << one << " times " << other << " will not do for " << number;
        return WRONG;
    }
    return ACCEPTED;
}
