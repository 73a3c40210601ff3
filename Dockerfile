# The page and the API as a container image; docs/guides/serve.md says how to build and run it.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY src src
# Where pip finds builds of PyTorch for processors only, which are a tenth as large.
ARG PIP_EXTRA_INDEX_URL
RUN python -m venv /opt/sakka && \
    sed -E 's/ *\\$//; /^ +--hash=/d' requirements.lock > versions.txt && \
    /opt/sakka/bin/pip install --no-cache-dir --constraint versions.txt '.[index,web]'

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/cache/sakka --create-home sakka
COPY --from=build /opt/sakka /opt/sakka
ENV PATH=/opt/sakka/bin:$PATH SAKKA_CACHE=/var/cache/sakka PYTHONUNBUFFERED=1
USER sakka
VOLUME /var/cache/sakka
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["sakka", "serve"]
CMD ["/srv/model", "--index", "/srv/index", "--host", "0.0.0.0", "--port", "8000"]
