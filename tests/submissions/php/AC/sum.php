<?php
fgets(STDIN);
echo array_sum(array_map("intval", explode(" ", fgets(STDIN)))), "\n";
