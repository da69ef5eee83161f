# One worker: supervisord, with safeexec and the executor below it.
#
#   docker build -t oj-executor .
#   docker build -t oj-executor --build-arg LANGUAGES=cpp,python,java .
#
# LANGUAGES: standard, all, or a list of ids and families (config/languages.toml); empty: none, for an image
# that is to be built upon. A language's compiler is in the image only if the language was asked for.

FROM debian:trixie-slim AS safeexec
RUN apt-get update \
    && apt-get install -y --no-install-recommends cmake gcc libc6-dev make
COPY safeexec /build
WORKDIR /build
RUN cmake . && make

FROM debian:trixie-slim AS python
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-pip python3-venv
COPY requirements.txt requirements-autoscale.txt /
# Without pip in it, and compiled here: the executor's user could not keep what it compiles.
RUN python3 -m venv --without-pip /opt/oj-executor/.venv \
    && pip --python /opt/oj-executor/.venv/bin/python install --no-cache-dir --compile -r /requirements-autoscale.txt

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates procps python3 supervisor tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
WORKDIR /opt/oj-executor

# What changes seldom comes first: the languages are by far the most of the image.
ARG LANGUAGES=standard
COPY script/common.sh script/languages script/
COPY script/stack/toolchains.py script/stack/
COPY executor/__init__.py executor/toolchain.py executor/
COPY config/languages.toml config/
RUN apt-get update && script/languages "$LANGUAGES" && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin

COPY --from=python /opt/oj-executor/.venv .venv
COPY --from=safeexec /build/safeexec safeexec/safeexec
COPY executor executor
COPY config config
COPY script/executor script/
COPY supervisord.conf /etc/supervisord.conf
# As a user of its own; what it logs is the container's output, not a file.
RUN useradd --system --uid 990 --user-group --no-create-home --shell /usr/sbin/nologin executor \
    && install -d -o executor -g executor -m 700 /var/lib/executor \
    && install -d /var/log/oj-executor \
    && ln -s /opt/oj-executor/script/executor /usr/local/bin/executor \
    && ln -s /opt/oj-executor/safeexec/safeexec /usr/local/bin/safeexec \
    && chmod -R a+rX executor config script safeexec \
    && .venv/bin/python -m compileall -q executor \
    && sed -i -e 's|^stdout_logfile=.*|stdout_logfile=/dev/stdout|' \
              -e 's|^stdout_logfile_maxbytes=.*|stdout_logfile_maxbytes=0|' \
              /etc/supervisord.conf

ARG VERSION=dev
LABEL org.opencontainers.image.title="oj-executor" \
      org.opencontainers.image.description="An execution worker for online judges" \
      org.opencontainers.image.version="$VERSION"

# What the caches of compiled programs and of test data hold outlives the container where this is a volume.
VOLUME /var/lib/executor

# The port is not published unless you say so: Prometheus stands in the same network.
ENV EXECUTOR_HTTP_HOST=0.0.0.0 \
    EXECUTOR_HTTP_PORT=9101
# A broker that is away for two minutes makes the worker unhealthy, and Swarm starts another.
HEALTHCHECK --interval=10s --timeout=5s --start-period=180s --retries=12 \
    CMD [".venv/bin/python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9101/readyz')"]

ENTRYPOINT ["tini", "--"]
CMD ["supervisord", "--nodaemon", "--logfile=/dev/null", "--pidfile=/run/supervisord.pid"]
