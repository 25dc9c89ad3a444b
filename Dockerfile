# Purser in a container: nothing is built at run time, nothing but /data is written.

FROM python:3.11-slim-bookworm AS build
WORKDIR /opt/purser
COPY deploy/install deploy/install
COPY requirements.lock pyproject.toml README.md ./
COPY config config
COPY storage storage
COPY budget budget
COPY proxy proxy
COPY insights insights
COPY api api
COPY dashboard dashboard
COPY sandbox sandbox
COPY app app
# Compiled here: the image writes nothing later, and would compile everything at each start.
RUN UV_COMPILE_BYTECODE=1 deploy/install .venv requirements.lock \
    && .venv/bin/python -m uv pip uninstall --quiet --python .venv/bin/python pip \
    && rm .venv/bin/uv .venv/bin/uvx \
    && .venv/bin/python -m compileall -q config storage budget proxy insights api dashboard sandbox app

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 purser \
    && useradd --system --uid 10001 --gid purser --no-create-home --home-dir /data purser \
    && install -d -o purser -g purser -m 0700 /data
COPY --from=build /opt/purser /opt/purser
WORKDIR /opt/purser
ENV PATH=/opt/purser/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PURSER_DATA_DIR=/data \
    PURSER_SERVER__HOST=0.0.0.0 \
    PURSER_PORT=8080
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# A proxy is healthy while it lives; whether it should get calls is for /readyz to say.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PURSER_PORT']}/healthz\", timeout=2)"]
ENTRYPOINT ["purser"]
CMD ["serve"]
