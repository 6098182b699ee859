# The broker. Build: docker build -t hjemmel . — everything is installed by version and hash.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/broker.lock requirements/
RUN python -m venv /opt/hjemmel \
 && /opt/hjemmel/bin/pip install --require-hashes --requirement requirements/broker.lock
COPY pyproject.toml README.md LICENSE ./
COPY proto proto
COPY exchange exchange
COPY adapters adapters
COPY audit audit
COPY policies policies
RUN /opt/hjemmel/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/hjemmel --create-home hjemmel
COPY --from=build /opt/hjemmel /opt/hjemmel
ENV PATH=/opt/hjemmel/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
WORKDIR /var/lib/hjemmel
EXPOSE 8440
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["hjemmel", "probe", "--address", "127.0.0.1:8441"]
ENTRYPOINT ["hjemmel"]
CMD ["serve", "--config", "/etc/hjemmel/hjemmel.toml"]
