# The programs of a lab of containers (docs/COMPOSE.md): one bundle a process, and the one library that is native.
# Build: docker build -t failover-lab:0.1.0 .   Nothing is fetched at run time.

FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY shared shared
COPY agent agent
COPY appliance appliance
COPY scenarios scenarios
RUN npm run bundle -- /app \
    && mkdir /app/node_modules \
    && cp -r node_modules/@node-rs /app/node_modules/ \
    && echo '{ "type": "module" }' > /app/package.json

FROM node:24-bookworm-slim
ENV NODE_ENV=production
COPY --from=build /app /app
COPY scenarios/runner/compose/image/door /usr/local/bin/door
RUN mkdir /config /data && chown node:node /config /data
USER node
WORKDIR /data
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["/app/door.js"]
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s --retries=5 CMD ["door", "health"]
