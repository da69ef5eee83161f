echo 6
exit 3
