"""`executor autoscale`: as many replicas of the workers' Swarm service as the queue needs.

`policy` decides by what was seen and nothing else, `crew` asks the workers how busy they are,
`swarm` reads and sets the number of replicas, `loop` brings them together.
"""
