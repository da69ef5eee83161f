// The plain solution, with the header of contestants.
#include <bits/stdc++.h>
using namespace std;

int main()
{
    int n;
    long long x, sum = 0;
    cin >> n;
    while (n-- && cin >> x)
        sum += x;
    cout << sum << endl;
}
