"""Everything that speaks AMQP: a worker's three links to the broker, and a command's visit to it.

A link works in the I/O thread, in the callbacks of one pika IOLoop; a visit in its caller's.
"""
