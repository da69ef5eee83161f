n = scanf("%d", 1);
printf("%d\n", sum(scanf("%d", n)));
