BEGIN { print 6
