puts [expr {1 + }]
