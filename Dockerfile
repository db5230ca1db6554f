# One image for all services of Veriscope: `docker run veriscope serve`, `… worker`, `… relay`.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/veriscope
WORKDIR /source
COPY requirements/serve.lock requirements/serve.lock
RUN /opt/veriscope/bin/pip install --require-hashes -r requirements/serve.lock
COPY pyproject.toml README.md LICENSE ./
COPY moderation moderation
COPY inference inference
COPY storage storage
COPY streams streams
COPY monitoring monitoring
COPY console console
COPY runtime runtime
RUN /opt/veriscope/bin/pip install --no-deps . \
    && /opt/veriscope/bin/pip uninstall --yes pip setuptools

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="Veriscope" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin veriscope \
    && install --directory --owner=veriscope --group=veriscope --mode=0700 /var/lib/veriscope
COPY --from=build /opt/veriscope /opt/veriscope
ENV PATH=/opt/veriscope/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VERISCOPE_STATE=/var/lib/veriscope \
    VERISCOPE_HTTP__HOST=0.0.0.0 \
    VERISCOPE_LOGS__JSON_LINES=true
USER 10001:10001
WORKDIR /var/lib/veriscope
EXPOSE 8700
# A process that is stuck answers 503, which urlopen raises.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('VERISCOPE_HTTP__PORT', '8700') + '/healthz', timeout=4)"]
ENTRYPOINT ["veriscope"]
CMD ["--help"]
