# syntax=docker/dockerfile:1
ARG NODE=node:24.21.0-slim

# What the server is compiled with.
FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json openapi.json ./
COPY tools/build.ts tools/build.ts
COPY apps apps
COPY libs libs
RUN node tools/build.ts

# What it runs with.
FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE}
ENV NODE_ENV=production \
    SALLYPORT_DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=off \
    TLS_PORT=8443
RUN groupadd --gid 10001 sallyport \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin sallyport \
 && install --directory --owner=10001 --group=10001 --mode=0700 /data /secrets
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY deploy deploy
# Completes the embedded PostgreSQL, which npm packages cannot hold whole, and sees that it runs here.
RUN node --input-type=module --eval "const { findBinaries } = await import('/app/dist/libs/platform/src/database/embedded/binaries.js'); console.log(await findBinaries(undefined, '/tmp'));"
USER 10001:10001
VOLUME /data
EXPOSE 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 CMD ["node", "deploy/healthcheck.mjs"]
CMD ["node", "--enable-source-maps", "dist/apps/server/src/main.js"]
