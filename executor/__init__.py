"""An execution worker for online judges: takes submissions from RabbitMQ, answers verdicts."""

__version__ = "0.1.0"
