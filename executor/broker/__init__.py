"""Everything that speaks AMQP: two links to the broker, what is declared, published, consumed.

All of it runs in the I/O thread, in the callbacks of one pika IOLoop.
"""
