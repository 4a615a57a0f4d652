# One image for the five services and the balancer; which one a container runs is its command:
#   docker run IMAGE apps/registry/dist/main.js
ARG NODE_IMAGE=node:24-bookworm-slim

# the manifests alone, so that the installed packages stay cached while only code changes
FROM ${NODE_IMAGE} AS manifests
WORKDIR /manifests
COPY . /source
RUN cd /source && find . -name package.json -o -name package-lock.json -o -name .npmrc \
  | while read -r file; do mkdir -p "/manifests/$(dirname "$file")" && cp "$file" "/manifests/$file"; done

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY --from=manifests /manifests ./
# optional packages are Node itself for machines that have an older one
RUN npm ci --ignore-scripts --omit=optional --no-audit --no-fund
COPY . .
RUN node node_modules/typescript/bin/tsc -b apps/launcher apps/balancer apps/cli \
  && npm prune --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund
# what runs: compiled code, static files, manifests, production packages
RUN node deploy/docker/collect.mjs /app /out

FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    SIGNALBOX_BIND=0.0.0.0 \
    SIGNALBOX_DATA=/data \
    HEALTH_URL=http://127.0.0.1:3000/health/ready
RUN mkdir -p /data/sandbox && chown -R node:node /data
COPY --from=build /out /app
# an example, beside a server that has the SDK; see "traced" in deploy/compose/signalbox.json
COPY --from=build /app/examples/traced-tool/server.mjs /app/servers/template/traced-tool.mjs
WORKDIR /app
USER node
# node handles SIGTERM and SIGINT itself; an init (docker run --init) reaps what stdio servers leave behind
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.HEALTH_URL, { signal: AbortSignal.timeout(4000) }).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
EXPOSE 3000 3001 3002 3003 3004
ENTRYPOINT ["node"]
CMD ["apps/gateway/dist/main.js"]
