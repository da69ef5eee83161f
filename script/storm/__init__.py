"""The storm: jobs are judged while brokers, workers, the sandbox and connections break.

    frontend ──jobs──▶ brokers ◀──proxies──▶ workers ──▶ safeexec
        │                 ▲         ▲           ▲           ▲
        ▼                 └─────────┴── monkey ─┴───────────┘
      books ──▶ promises broken, if any

What is sent and what breaks follows from the seed alone.
"""
