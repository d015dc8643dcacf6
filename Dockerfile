# Paints without root and without compiling first:
#   docker build -t paintnet .
#   docker run --rm -v "$PWD:/pictures" --user "$(id -u):$(id -g)" paintnet fit photo.jpg
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY docs docs
COPY tools/absolute_readme.py tools/
COPY paintnet paintnet
RUN python -m venv /opt/paintnet \
    && /opt/paintnet/bin/pip install --no-cache-dir ".[fast]"

FROM python:3.13-slim
COPY --from=build /opt/paintnet /opt/paintnet
# The kernel is compiled into a cache that every user may read; another kind of processor compiles its own each time.
ENV PATH=/opt/paintnet/bin:$PATH \
    XDG_CACHE_HOME=/opt/paintnet/cache
RUN useradd --create-home --uid 1000 painter \
    && mkdir /opt/paintnet/cache \
    && chown painter /opt/paintnet/cache
USER 1000
RUN paintnet warm
WORKDIR /pictures
ENTRYPOINT ["paintnet"]
CMD ["--help"]
