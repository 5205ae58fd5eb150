# Pinned by version. Where images are mirrored or signed, pin it by digest too: --build-arg NODE=node:24.21.0-bookworm-slim@sha256:…
ARG NODE=node:24.21.0-bookworm-slim

# What the server is compiled with.
FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json openapi.json ./
COPY tools tools
COPY apps apps
COPY libs libs
RUN node tools/build.ts

# What it runs with, the bill of exactly that, and as its system Node with the libraries it is linked with: no shell, no tools.
FROM ${NODE} AS production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY tools tools
COPY --from=build /app/dist dist
RUN node tools/image/prune.ts
RUN node tools/sbom.ts
RUN node tools/image/system.ts system
# Folders that volumes are mounted at begin as the server's own.
RUN mkdir -p -m 700 volumes/data volumes/secrets/server volumes/secrets/owner volumes/secrets/postgres volumes/secrets/proxy volumes/secrets/radius volumes/secrets/grafana

FROM scratch
COPY --from=production /app/system /
COPY --from=production --chown=10001:10001 /app/volumes /
WORKDIR /app
COPY --from=production /app/node_modules node_modules
COPY --from=production /app/dist dist
COPY package.json LICENSE ./
COPY deploy/healthcheck.mjs deploy/make-secrets.mjs deploy/demo-tool.mjs deploy/
# glibc keeps what was freed, for each thread apart and in pieces, unless it is told how much; the buffers of sockets are 64 KiB.
ENV PATH=/usr/local/bin \
    NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    MALLOC_MMAP_THRESHOLD_=16384 \
    SALLYPORT_DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=off \
    TLS_PORT=8443
USER 10001:10001
VOLUME /data
EXPOSE 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 CMD ["node", "deploy/healthcheck.mjs"]
# With a limit V8 lets less garbage lie; 50 MiB are in use at rest. What the lower two of its compilers make costs memory and saves no time: it
# keeps requests alive longer than they are, until the last one follows (docs/benchmarks.md).
CMD ["node", "--max-semi-space-size=8", "--max-old-space-size=512", "--no-maglev", "--no-sparkplug", "dist/bundle/server.js"]
