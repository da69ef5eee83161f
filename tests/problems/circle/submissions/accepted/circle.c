#include <math.h>
#include <stdio.h>

int main(void) {
    double radius;
    scanf("%lf", &radius);
    printf("%.9e\n", acos(-1) * radius * radius);
}
